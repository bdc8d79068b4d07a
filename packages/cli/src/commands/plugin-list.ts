import { toOclifFlags } from '../flags/oclif-flags.js';
import { pluginListFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class PluginList extends VarveCommand {
  static override summary = 'List plugins and what each of them brings';
  static override description =
    `Lists what --plugin and the configuration file name, and then what comes with varve. Whether it works here is what varve doctor tells.`;
  static override examples = [
    { description: 'What a build has without being told more', command: '<%= config.bin %> plugin list' },
    { description: 'Whether a file is a plugin', command: '<%= config.bin %> plugin list --plugin ./mine.js' },
  ];
  static override flags = toOclifFlags(pluginListFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(pluginListFlags);
    const { pluginListCommand } = await import('../run/plugin-command.js');
    process.exitCode = await pluginListCommand(flags, this.config.version);
  }
}

import { string } from '@oclif/core/args';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class PluginCreate extends VarveCommand {
  static override summary = 'Write a plugin to begin with';
  static override description =
    `Writes one JavaScript file that works as it stands: a check of finished images. What else a plugin can bring is in docs/plugins.md.`;
  static override examples = [
    { description: 'Write it, and build with it', command: '<%= config.bin %> plugin create policy.js' },
  ];
  static override args = {
    file: string({ description: 'The file to write', required: true, ignoreStdin: true }),
  };

  static override flags = toOclifFlags([]);

  async run(): Promise<void> {
    const { args } = await this.read([]);
    const { pluginCreateCommand } = await import('../run/plugin-command.js');
    process.exitCode = await pluginCreateCommand(args.file ?? '');
  }
}

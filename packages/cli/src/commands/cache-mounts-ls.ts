import { toOclifFlags } from '../flags/oclif-flags.js';
import { cacheMountsFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class CacheMountsLs extends VarveCommand {
  static override summary = 'List what RUN --mount=type=cache keeps';
  static override examples = [
    { description: 'What is kept, the one used last first', command: '<%= config.bin %> cache mounts ls' },
  ];
  static override flags = toOclifFlags(cacheMountsFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(cacheMountsFlags);
    const { cacheMountsLsCommand } = await import('../run/cache-mounts-command.js');
    process.exitCode = await cacheMountsLsCommand(flags);
  }
}

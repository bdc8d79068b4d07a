import { toOclifFlags } from '../flags/oclif-flags.js';
import { cacheLsFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class CacheLs extends VarveCommand {
  static override summary = 'List what the store of this machine keeps';
  static override examples = [
    { description: 'What is kept, the largest first', command: '<%= config.bin %> cache ls' },
    { description: 'For programs', command: '<%= config.bin %> cache ls --json' },
  ];
  static override flags = toOclifFlags(cacheLsFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(cacheLsFlags);
    const { cacheLsCommand } = await import('../run/cache-command.js');
    process.exitCode = await cacheLsCommand(flags);
  }
}

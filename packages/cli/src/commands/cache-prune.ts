import { toOclifFlags } from '../flags/oclif-flags.js';
import { cachePruneFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class CachePrune extends VarveCommand {
  static override summary = 'Remove from the store what is not needed, old, too much, or everything';
  static override description =
    `Without a flag, what neither an image that is kept nor a remembered step needs. With --max-size what was used least recently goes first. Nothing that a running build uses is removed, and no cache mount of RUN: these are worth most where everything else is gone, and go by varve cache mounts rm.`;
  static override examples = [
    { description: 'Remove what nothing needs', command: '<%= config.bin %> cache prune' },
    { description: 'Keep at most 10 GB', command: '<%= config.bin %> cache prune --max-size 10g' },
    { description: 'Remove what was not used for a week', command: '<%= config.bin %> cache prune --older-than 7d' },
    { description: 'Remove everything', command: '<%= config.bin %> cache prune --all' },
  ];
  static override flags = toOclifFlags(cachePruneFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(cachePruneFlags);
    const { cachePruneCommand } = await import('../run/cache-command.js');
    process.exitCode = await cachePruneCommand(flags);
  }
}

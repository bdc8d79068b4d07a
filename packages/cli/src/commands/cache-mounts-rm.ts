import { string } from '@oclif/core/args';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { cacheMountsFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class CacheMountsRm extends VarveCommand {
  static override summary = 'Remove a cache mount';
  static override examples = [{ description: 'Begin anew', command: '<%= config.bin %> cache mounts rm /root/.npm' }];
  static override args = {
    cache: string({
      description: 'The id of the cache, or the beginning of its name',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = toOclifFlags(cacheMountsFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(cacheMountsFlags);
    const { cacheMountCommand } = await import('../run/cache-mounts-command.js');
    process.exitCode = await cacheMountCommand('rm', args.cache ?? '', '', flags);
  }
}

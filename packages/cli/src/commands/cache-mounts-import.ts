import { string } from '@oclif/core/args';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { cacheMountsFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class CacheMountsImport extends VarveCommand {
  static override summary = 'Make a cache mount of a tar';
  static override description =
    `Takes the place of the cache that there is. The tar may be compressed with gzip, bzip2 or xz.`;
  static override examples = [
    {
      description: 'Bring a cache to another machine',
      command: '<%= config.bin %> cache mounts import /root/.npm npm.tgz',
    },
  ];
  static override args = {
    cache: string({ description: 'The id of the cache', required: true, ignoreStdin: true }),
    file: string({ description: 'The archive to read', required: true, ignoreStdin: true }),
  };
  static override flags = toOclifFlags(cacheMountsFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(cacheMountsFlags);
    const { cacheMountCommand } = await import('../run/cache-mounts-command.js');
    process.exitCode = await cacheMountCommand('import', args.cache ?? '', args.file ?? '', flags);
  }
}

import { string } from '@oclif/core/args';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { cacheMountsFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class CacheMountsExport extends VarveCommand {
  static override summary = 'Write a cache mount as a tar';
  static override description =
    `With owners, modes and times; compressed with gzip where the name of the file ends in .gz or .tgz. Refused while a build uses the cache.`;
  static override examples = [
    {
      description: 'Keep a cache between the machines of a CI',
      command: '<%= config.bin %> cache mounts export /root/.npm npm.tgz',
    },
  ];
  static override args = {
    cache: string({
      description: 'The id of the cache, or the beginning of its name',
      required: true,
      ignoreStdin: true,
    }),
    file: string({ description: 'The archive to write', required: true, ignoreStdin: true }),
  };
  static override flags = toOclifFlags(cacheMountsFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(cacheMountsFlags);
    const { cacheMountCommand } = await import('../run/cache-mounts-command.js');
    process.exitCode = await cacheMountCommand('export', args.cache ?? '', args.file ?? '', flags);
  }
}

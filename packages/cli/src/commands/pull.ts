import { string } from '@oclif/core/args';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { pullFlags } from '../flags/transfer-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Pull extends VarveCommand {
  static override summary = 'Pull an image from a registry into a layout or an archive';
  static override description =
    `DEST becomes an OCI image layout: a tar archive where its name ends in .tar, else a folder. Into a folder that is a layout the image is added, and what it has already is not pulled again. With --type docker it becomes an archive for docker load and podman load, which holds one platform.

Every byte is checked against its digest. The digest of what was written goes to standard output: of the image for the platform, or of the index with --platform all.`;
  static override examples = [
    { description: 'Pull into a layout folder', command: '<%= config.bin %> pull alpine:3.20 ./images' },
    {
      description: 'Mirror an image with all its platforms, its digest unchanged',
      command: '<%= config.bin %> pull --platform all ghcr.io/team/app:1 app.tar',
    },
    {
      description: 'Make an archive for docker load',
      command: '<%= config.bin %> pull --type docker alpine:3.20 alpine.tar',
    },
  ];
  static override args = {
    ref: string({ description: '[HOST/]NAME[:TAG][@DIGEST] to pull', required: true, ignoreStdin: true }),
    dest: string({ description: 'Folder or file to write', required: true, ignoreStdin: true }),
  };
  static override flags = toOclifFlags(pullFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(pullFlags);
    const { pullCommand } = await import('../run/pull-command.js');
    process.exitCode = await pullCommand(args.ref ?? '', args.dest ?? '', flags);
  }
}

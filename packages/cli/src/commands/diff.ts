import { string } from '@oclif/core/args';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { diffFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Diff extends VarveCommand {
  static override summary = 'Compare two images, file by file';
  static override description =
    `An image is a name in the store, an OCI layout (a folder or a tar archive), a docker archive, or a name in a registry. Shown is what differs in their configuration and in the files that their layers make up.`;
  static override examples = [
    {
      description: 'What changed between two releases',
      command: '<%= config.bin %> diff registry.example/app:1 registry.example/app:2',
    },
    {
      description: 'Whether two builds are the same, for a script',
      command: '<%= config.bin %> diff --exit-code one.tar two.tar',
    },
  ];
  static override args = {
    a: string({ description: 'The first image', required: true, ignoreStdin: true }),
    b: string({ description: 'The second image', required: true, ignoreStdin: true }),
  };
  static override flags = toOclifFlags(diffFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(diffFlags);
    const { diffCommand } = await import('../run/diff-command.js');
    process.exitCode = await diffCommand(args.a ?? '', args.b ?? '', flags);
  }
}

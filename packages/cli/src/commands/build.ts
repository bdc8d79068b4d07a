import { string } from '@oclif/core/args';
import { buildFlags } from '../flags/build-flags.js';
import { isOn } from '../flags/flag-spec.js';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Build extends VarveCommand {
  static override summary = 'Build an image from a Dockerfile';
  static override description =
    `CONTEXT is the folder whose files COPY and ADD may take; it is the working directory where it is left out. It may also be a tar archive, - for one on standard input, or a URL.

The image goes where -o, --push or --load say; without any of them it is kept in the store and the build says under which name. What happens is shown on standard error. Standard output gets one line, the digest of the image (on a terminal it is part of the summary instead), or the archive that -o dest=- asks for.`;
  static override examples = [
    {
      description: 'Build the Dockerfile of this folder and keep the image in the store',
      command: '<%= config.bin %> build .',
    },
    {
      description: 'Build and push, with a layer cache in the registry that a fleet of machines can share',
      command:
        '<%= config.bin %> build -t registry.example/app:1 --push --cache lmdb --cache registry,ref=registry.example/app-cache .',
    },
    {
      description: 'Write an archive that any tool can read',
      command: '<%= config.bin %> build -o type=oci,dest=app.tar .',
    },
    {
      description: 'Build one stage, with a value for an ARG, and take the files it made',
      command: '<%= config.bin %> build --target assets --build-arg MODE=release -o ./out .',
    },
    {
      description: 'Build again whenever a file changes, and run the tests of the image each time',
      command: `<%= config.bin %> build -t app --load --watch --watch-exec 'docker run --rm app test' .`,
    },
    { description: 'Load the image into Docker', command: '<%= config.bin %> build -t app --load .' },
  ];
  static override args = {
    context: string({ description: 'Folder, tar archive, - or URL [default: .]', ignoreStdin: true }),
  };
  static override flags = toOclifFlags(buildFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(buildFlags);
    if (isOn(flags, 'check')) {
      const { checkCommand } = await import('../run/check-command.js');
      process.exitCode = await checkCommand(flags, args.context ?? '.');
      return;
    }
    const { buildCommand } = await import('../run/build-command.js');
    process.exitCode = await buildCommand(flags, args.context ?? '.');
  }
}

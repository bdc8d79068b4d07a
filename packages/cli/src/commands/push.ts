import { string } from '@oclif/core/args';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { pushFlags } from '../flags/transfer-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Push extends VarveCommand {
  static override summary = 'Push an image that is on this machine to registries';
  static override description =
    `SOURCE is an OCI image layout (a folder or a tar archive), a docker archive, or the name of an image that a build has kept in the store. Of several images in it, PATH:NAME and PATH@DIGEST say which one. It gets all the names that are given, in any number of registries at once: what a registry has is not sent again, and the names appear when everything is there.

Credentials are those of docker login, podman login and varve login. The digest of what was pushed goes to standard output.`;
  static override examples = [
    { description: 'Push what a build has written', command: '<%= config.bin %> push app.tar registry.example/app:1' },
    {
      description: 'Push one image of a layout under two names, to two registries',
      command: '<%= config.bin %> push ./images:app ghcr.io/team/app:1 registry.example/app:1',
    },
  ];
  static override args = {
    source: string({ description: 'Layout, archive, or a name in the store', required: true, ignoreStdin: true }),
    ref: string({
      description: 'HOST/NAME[:TAG] to push to; one or more',
      required: true,
      ignoreStdin: true,
      multiple: true,
    }),
  };
  static override flags = toOclifFlags(pushFlags);

  async run(): Promise<void> {
    const { flags, args, rest } = await this.read(pushFlags);
    const { pushCommand } = await import('../run/push-command.js');
    process.exitCode = await pushCommand(args.source ?? '', rest, flags);
  }
}

import { string } from '@oclif/core/args';
import { logoutFlags } from '../flags/login-flags.js';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Logout extends VarveCommand {
  static override summary = 'Forget the credentials for a registry';
  static override description =
    `Takes them out of config.json and out of the credential helper that it names. Those that podman keeps in its own auth.json stay, and so do variables of the environment.`;
  static override examples = [
    { description: 'Log out of a registry', command: '<%= config.bin %> logout registry.example' },
  ];
  static override args = {
    registry: string({ description: 'HOST[:PORT] of the registry [default: Docker Hub]', ignoreStdin: true }),
  };
  static override flags = toOclifFlags(logoutFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(logoutFlags);
    const { logoutCommand } = await import('../run/login-command.js');
    process.exitCode = await logoutCommand(args.registry, flags);
  }
}

import { string } from '@oclif/core/args';
import { loginFlags } from '../flags/login-flags.js';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Login extends VarveCommand {
  static override summary = 'Keep credentials for a registry';
  static override description =
    `Tries the name and password with the registry, and keeps them where docker login would: with the credential helper that config.json names (credHelpers, credsStore), else in config.json itself, which is in DOCKER_CONFIG or ~/.docker. Nothing is kept that the registry refuses. The password is read from standard input or asked for; there is no flag for it, since everyone on a machine can see the arguments of a program.`;
  static override examples = [
    { description: 'Log in to a registry on a terminal', command: '<%= config.bin %> login registry.example' },
    {
      description: 'Log in from a script',
      command: 'printenv TOKEN | <%= config.bin %> login -u ci --password-stdin registry.example',
    },
  ];
  static override args = {
    registry: string({ description: 'HOST[:PORT] of the registry [default: Docker Hub]', ignoreStdin: true }),
  };
  static override flags = toOclifFlags(loginFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(loginFlags);
    const { loginCommand } = await import('../run/login-command.js');
    process.exitCode = await loginCommand(args.registry, flags);
  }
}

import { string } from '@oclif/core/args';
import { planFlags } from '../flags/build-flags.js';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Plan extends VarveCommand {
  static override summary = 'Show what a build would do, and run nothing';
  static override description =
    `Each step of the Dockerfile with what would become of it: cached (and by which cache), run, or not needed for the target. Takes the flags of varve build that decide it.`;
  static override examples = [
    { description: 'What would run, what is cached', command: '<%= config.bin %> plan .' },
    { description: 'The same with whole cache keys, for programs', command: '<%= config.bin %> plan --json .' },
  ];
  static override args = {
    context: string({ description: 'Folder, tar archive, - or URL [default: .]', ignoreStdin: true }),
  };
  static override flags = toOclifFlags(planFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(planFlags);
    const { planCommand } = await import('../run/plan-command.js');
    process.exitCode = await planCommand(flags, args.context ?? '.');
  }
}

import { toOclifFlags } from '../flags/oclif-flags.js';
import { doctorFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Doctor extends VarveCommand {
  static override summary = 'Show what this machine allows and how RUN steps would be carried out';
  static override description =
    `Lists every provider with whether it works here, the pair of snapshotter and executor that a build would choose, and why better ones were passed over. Ends with 1 where no pair can run steps.`;
  static override examples = [
    { description: 'What works here', command: '<%= config.bin %> doctor' },
    {
      description: 'Whether a plugin of yours would be chosen',
      command: '<%= config.bin %> doctor --plugin ./mine.js',
    },
  ];
  static override flags = toOclifFlags(doctorFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(doctorFlags);
    const { doctorCommand } = await import('../run/doctor-command.js');
    process.exitCode = await doctorCommand(flags);
  }
}

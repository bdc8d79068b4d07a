import { toOclifFlags } from '../flags/oclif-flags.js';
import { benchSnapshotFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class BenchSnapshot extends VarveCommand {
  static override summary = 'Compare ways of finding what a RUN changed, on your own image';
  static override description =
    `Each strategy is tried as a build would use it: an image is unpacked, files are changed, and what it takes to find them is measured. Nothing of the image or folder itself is changed.`;
  static override examples = [
    {
      description: 'All strategies on an image of a registry',
      command: '<%= config.bin %> bench snapshot --image registry.example/app:1',
    },
    {
      description: 'What a command of yours costs, in figures for a script',
      command: '<%= config.bin %> bench snapshot --image app --run "apt-get update" --json',
    },
  ];
  static override flags = toOclifFlags(benchSnapshotFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(benchSnapshotFlags);
    const { benchSnapshotCommand } = await import('../run/bench-snapshot-command.js');
    process.exitCode = await benchSnapshotCommand(flags);
  }
}

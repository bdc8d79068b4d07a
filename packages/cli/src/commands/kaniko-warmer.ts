import { warmerFlags } from '../flags/kaniko-flags.js';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class KanikoWarmer extends VarveCommand {
  static override summary = 'Copy base images to a folder, from which later builds take their layers';
  static override description =
    `Called with the flags of kaniko's warmer. The folder becomes an OCI image layout; varve kaniko --cache --cache-dir FOLDER downloads no layer that is in it. Which image a name means is still asked at its registry.`;
  static override examples = [
    {
      description: 'Fill a volume with two images',
      command: '<%= config.bin %> kaniko warmer --cache-dir /cache -i debian:12 -i node:22-slim',
    },
    {
      description: 'Fill it with what the stages of a Dockerfile begin with',
      command: '<%= config.bin %> kaniko warmer -d Dockerfile --build-arg NODE=22',
    },
  ];
  static override flags = toOclifFlags(warmerFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(warmerFlags);
    const { kanikoWarmerCommand } = await import('../run/kaniko-warmer-command.js');
    process.exitCode = await kanikoWarmerCommand(flags);
  }
}

import { string } from '@oclif/core/args';
import { planFlags } from '../flags/build-flags.js';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class CacheExplain extends VarveCommand {
  static override summary = 'Say why steps are cached or not, and run nothing';
  static override description =
    `Takes the flags of varve build that decide it. For a step that would be run it names what differs from the last time this place of the Dockerfile was built on this machine. Values of variables are not shown, only their names.`;
  static override examples = [
    { description: 'Why is it building again?', command: '<%= config.bin %> cache explain .' },
    { description: 'For programs', command: '<%= config.bin %> cache explain --json .' },
  ];
  static override args = {
    context: string({ description: 'Folder, tar archive, - or URL [default: .]', ignoreStdin: true }),
  };
  static override flags = toOclifFlags(planFlags);

  async run(): Promise<void> {
    const { flags, args } = await this.read(planFlags);
    const { cacheExplainCommand } = await import('../run/cache-explain-command.js');
    process.exitCode = await cacheExplainCommand(flags, args.context ?? '.');
  }
}

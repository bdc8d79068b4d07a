import { kanikoFlags } from '../flags/kaniko-flags.js';
import { toOclifFlags } from '../flags/oclif-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Kaniko extends VarveCommand {
  static override summary = "Build an image, called with the flags of kaniko's executor";
  static override description =
    `For pipelines that call kaniko: it is the same build as that of varve build, which has more to offer. A flag that means nothing here is said to, once; one that would give another image and is not supported is an error.

The variables KANIKO_DIR, KANIKO_NO_PUSH, KANIKO_REGISTRY_MIRROR, KANIKO_REGISTRY_MAP, GIT_TOKEN, GIT_USERNAME, GIT_PASSWORD and GIT_PULL_METHOD mean what they do to kaniko.`;
  static override examples = [
    {
      description: 'Build what is in git, and push it',
      command: '<%= config.bin %> kaniko -c git://example.org/app.git -d registry.example/app:1',
    },
    {
      description: 'Build a folder, with a cache in the registry, and write down what was pushed',
      command:
        '<%= config.bin %> kaniko -c dir:///src -d registry.example/app:1 --cache --digest-file=/dev/termination-log',
    },
  ];
  static override flags = toOclifFlags(kanikoFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(kanikoFlags);
    const { kanikoCommand } = await import('../run/kaniko-command.js');
    process.exitCode = await kanikoCommand(flags);
  }
}

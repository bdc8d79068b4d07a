import { toOclifFlags } from '../flags/oclif-flags.js';
import { versionFlags } from '../flags/other-flags.js';
import { VarveCommand } from './varve-command.js';

export default class Version extends VarveCommand {
  static override summary = 'Print the version of varve';
  static override examples = [
    { description: 'The version, and what it runs on', command: '<%= config.bin %> version' },
  ];
  static override flags = toOclifFlags(versionFlags);

  async run(): Promise<void> {
    const { flags } = await this.read(versionFlags);
    const { version } = this.config;
    const { platform, arch, version: node } = process;
    const json = JSON.stringify({ version, node: node.slice(1), platform, arch });
    process.stdout.write(
      flags.json === true ? `${json}\n` : `varve ${version} (node ${node.slice(1)}, ${platform} ${arch})\n`,
    );
  }
}

import { madeOnce } from './kept.js';
import { must } from './run.js';

/** What runs in the root: Docker with its client and BuildKit's, and what BuildKit calls for ADD. */
const packages = ['docker.io', 'docker-cli', 'docker-buildx', 'git', 'xz-utils', 'iproute2', 'ca-certificates'];

const unwanted = ['doc', 'man', 'info', 'locale', 'bash-completion'];

/** Raised when the recipe changes. */
const version = 1;

/** A Debian 13 root with Docker 26.1, for a daemon newer than the machine's; made once, and only looked at afterwards. */
export function dockerRoot(): Promise<string> {
  return madeOnce(`docker-26-${version}`, async (target, scratch) => {
    // In a mount namespace of its own: what mmdebstrap mounts into its chroot is gone with it, however it ends.
    await must(
      'unshare',
      [
        ...['--mount', '--propagation', 'private', '--', 'mmdebstrap'],
        ...['--quiet', '--variant=minbase', `--include=${packages.join(',')}`, '--format=directory'],
        ...unwanted.map(folder => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
        ...['trixie', target, 'http://deb.debian.org/debian'],
      ],
      { timeout: 900_000, env: { ...process.env, TMPDIR: scratch } },
    );
  });
}

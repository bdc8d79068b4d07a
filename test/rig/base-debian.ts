import { join } from 'node:path';
import { makeLayout } from './oci-make.js';
import { must } from './run.js';

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A minimal Debian with setcap and setfattr. */
export const makeDebian = (layout: string, scratch: string): Promise<void> =>
  bootstrap(layout, scratch, ['libcap2-bin', 'attr']);

/** A minimal Debian with a C compiler. */
export const makeGcc = (layout: string, scratch: string): Promise<void> =>
  bootstrap(layout, scratch, ['gcc', 'libc6-dev']);

const toolchain =
  'build-essential git curl ca-certificates python3 python3-dev python3-numpy cmake pkg-config autoconf automake libtool ' +
  'libssl-dev zlib1g-dev libboost-dev libicu-dev libxml2-dev libsqlite3-dev gdb vim ruby tzdata';

/** A Debian with everyday build tools, about 45,000 files. */
export const makeToolchain = (layout: string, scratch: string): Promise<void> =>
  bootstrap(layout, scratch, toolchain.split(' '));

async function bootstrap(layout: string, scratch: string, packages: readonly string[]): Promise<void> {
  const archive = join(scratch, 'root.tar');
  // In a mount namespace of its own: what mmdebstrap mounts into its chroot is gone with it, however it ends.
  await must(
    'unshare',
    [
      ...['--mount', '--propagation', 'private', '--', 'mmdebstrap'],
      ...['--quiet', '--variant=minbase', `--include=${packages.join(',')}`, '--format=tar'],
      ...['bookworm', archive, 'http://deb.debian.org/debian'],
    ],
    { timeout: 900_000, env: { ...process.env, TMPDIR: scratch } },
  );
  await makeLayout(layout, [archive], { cmd: ['bash'], env: [searchPath] });
}

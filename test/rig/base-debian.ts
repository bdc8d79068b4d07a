import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeLayout, packLayer } from './oci-make.js';
import { must } from './run.js';

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A minimal Debian with setcap and setfattr. */
export const makeDebian = (layout: string, scratch: string): Promise<void> =>
  bootstrap(layout, scratch, ['libcap2-bin', 'attr']);

/** The minimal Debian with this machine's Node and npm. */
export async function makeNode(layout: string, scratch: string): Promise<void> {
  const root = join(scratch, 'root');
  const modules = 'usr/local/lib/node_modules';
  for (const folder of ['usr/local/bin', modules]) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'));
  const npm = dirname(dirname(realpathSync(findNpm())));
  cpSync(npm, join(root, modules, 'npm'), { recursive: true, verbatimSymlinks: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  await packLayer(root, join(scratch, 'node.tar'));
  await makeDebian(layout, scratch);
  await must('umoci', ['raw', 'add-layer', '--image', `${layout}:latest`, join(scratch, 'node.tar')]);
}

/** npm's program, which is beside Node's or on the PATH. */
function findNpm(): string {
  const folders = [dirname(process.execPath), ...(process.env.PATH ?? '').split(':')];
  const found = folders.map(folder => join(folder, 'npm')).find(path => existsSync(path));
  if (found === undefined) throw new Error('npm is not on the PATH');
  return found;
}

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

// What varve needs of a Debian, in one folder: node runtime.mjs FOLDER. It makes FOLDER/files, the root of the image without varve, and
// FOLDER/debug, what a shell needs besides. Programs are given a loader and libraries of their own, below /kaniko: they go on working
// whatever becomes of the rest of the file system.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

const [target = ''] = process.argv.slice(2);
const files = join(target, 'files');
const home = '/kaniko';
const loader = `${home}/lib/ld.so`;
/** Files that were copied, for the licences of their packages. */
const sources = new Set();

const programs = ['git', 'mount', 'ssh', 'unshare', 'zstd'];
/** Of git, what fetches and checks out; the rest is in the one program. */
const gitParts = [
  'git-remote-http',
  'git-remote-https',
  'git-submodule',
  'git-sh-setup',
  'git-sh-i18n',
  'git-sh-i18n--envsubst',
];
/** What git's scripts call. */
const applets = ['basename', 'dirname', 'sed', 'uname'];

folder('/', 0o755);
for (const path of [
  '/bin',
  '/etc',
  home,
  `${home}/bin`,
  `${home}/lib/git-core`,
  `${home}/.docker`,
  `${home}/ssl/certs`,
])
  folder(path, 0o755);
folder('/workspace', 0o755);
folder('/root', 0o700);
folder('/tmp', 0o1777);
folder(`${home}/store`, 0o700);

addProgram(process.execPath, `${home}/bin/node`);
for (const name of programs) addProgram(found(name), `${home}/bin/${name}`);
// Not the shell of busybox: that one takes its own unshare and mount for those of PATH.
addProgram(found('dash'), `${home}/bin/sh`);
const gitCore = execFileSync(found('git'), ['--exec-path'], { encoding: 'utf8' }).trim();
for (const name of gitParts) addProgram(join(gitCore, name), `${home}/lib/git-core/${name}`);
symlinkSync('../../bin/git', join(files, home, 'lib/git-core/git'));

const busybox = found('busybox');
add(busybox, `${home}/bin/busybox`);
for (const name of applets) symlinkSync('busybox', join(files, home, 'bin', name));
symlinkSync(`..${home}/bin/sh`, join(files, 'bin/sh'));

// Loaded by name: inflates layers at twice the speed of zlib. Debian has it for the processors that it is written for.
const isal = libraryOf('libisal.so.2');
if (isal !== undefined) chmodSync(add(isal, `${home}/lib/libisal.so.2`), 0o755);

add('/etc/ssl/certs/ca-certificates.crt', `${home}/ssl/certs/ca-certificates.crt`);
write('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
write('/etc/group', 'root:x:0:\nnogroup:x:65534:\n');
write('/etc/nsswitch.conf', 'hosts: files dns\n');
keepOutOfEtc();
addLicences();
addDebug();

function folder(path, mode) {
  mkdirSync(join(files, path), { recursive: true });
  chmodSync(join(files, path), mode);
}

function write(path, text) {
  writeFileSync(join(files, path), text, { mode: 0o644 });
}

function add(from, to) {
  const real = realpathSync(from);
  const path = join(files, to);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(real, path);
  sources.add(real);
  return path;
}

/** A program with the libraries that it needs, or a script with our shell. */
function addProgram(from, to) {
  const path = add(from, to);
  chmodSync(path, 0o755);
  if (!isElf(path)) {
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^#! *\/bin\/sh/, `#!${home}/bin/sh`));
    return;
  }
  for (const line of execFileSync('ldd', [realpathSync(from)], { encoding: 'utf8' }).split('\n')) {
    const [, name, place] = /^\s*(\S+) => (\/\S+)/.exec(line) ?? [];
    const [, own] = /^\s*(\/\S*\/ld-linux\S*)/.exec(line) ?? [];
    const at = own !== undefined || name?.includes('ld-linux') ? loader : `${home}/lib/${name}`;
    const library = own ?? place;
    if (library === undefined || existsSync(join(files, at))) continue;
    chmodSync(add(library, at), 0o755);
  }
  execFileSync('patchelf', ['--set-interpreter', loader, '--force-rpath', '--set-rpath', `${home}/lib`, path]);
}

/** Where the machine's loader finds a library. */
function libraryOf(name) {
  const known = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  return known.split('\n').flatMap(line => (line.trim().startsWith(`${name} `) ? [line.split(' => ')[1]] : []))[0];
}

/**
 * Has our programs read below /kaniko what loaders and look-ups of names read in /etc: where steps run in this root, /etc is at times theirs, and
 * what is said there would load their libraries into our programs. The names are as long as those that they take the place of.
 */
function keepOutOfEtc() {
  replaceName(loader, '/etc/ld.so.preload', `${home}/so.preload`);
  replaceName(loader, '/etc/ld.so.cache', `${home}/so.cache`);
  replaceName(`${home}/lib/libc.so.6`, '/etc/nsswitch.conf', `${home}/names.conf`);
  write(`${home}/names.conf`, 'hosts: files dns\n');
}

function replaceName(library, from, to) {
  const file = join(files, library);
  const bytes = readFileSync(file);
  const at = bytes.indexOf(`${from}\0`);
  if (at < 0 || to.length !== from.length || bytes.indexOf(`${from}\0`, at + 1) >= 0)
    throw new Error(`${library} does not name ${from} once`);
  bytes.write(to, at, 'latin1');
  writeFileSync(file, bytes);
}

function isElf(path) {
  const head = Buffer.alloc(4);
  const file = openSync(path);
  readSync(file, head);
  closeSync(file);
  return head.toString('latin1') === '\x7fELF';
}

function found(name) {
  const path = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']
    .map(dir => join(dir, name))
    .find(existsSync);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** The licences of the Debian packages that the files are of. */
function addLicences() {
  const owners = new Set();
  for (const path of sources) {
    try {
      const names = [path, path.replace(/^\/usr/, '')];
      const told = execFileSync('dpkg-query', ['-S', ...names], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      owners.add(told.split(':')[0]);
    } catch (error) {
      // One of the two names is unknown: what is said of the other counts. A file of no package has its licence elsewhere.
      const told = String(error.stdout ?? '');
      if (told !== '') owners.add(told.split(':')[0]);
    }
  }
  for (const name of owners) {
    const copyright = `/usr/share/doc/${name}/copyright`;
    if (existsSync(copyright)) add(copyright, `${home}/share/doc/${name}/copyright`);
  }
}

/** busybox under all its names. */
function addDebug() {
  const dir = join(target, 'debug/busybox');
  mkdirSync(dir, { recursive: true });
  copyFileSync(realpathSync(busybox), join(dir, 'busybox'));
  chmodSync(join(dir, 'busybox'), 0o755);
  for (const name of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (basename(name) !== 'busybox') linkSync(join(dir, 'busybox'), join(dir, basename(name)));
}

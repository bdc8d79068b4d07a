import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program in the repository, its output shown; gives its exit code. */
export function show(program, args, env = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.error) {
    console.error(`${program}: ${result.error.message}`);
    return 127;
  }
  return result.status ?? 128 + 15;
}

/** The same for a program that has to succeed: where it does not, this process ends with its exit code. */
export function mustShow(program, args, env) {
  const code = show(program, args, env);
  if (code !== 0) {
    console.error(`failed with exit code ${code}: ${program} ${args.join(' ')}`);
    process.exit(code);
  }
}

/** Ends this process where Node is older than what the packages are written for: what would come of it explains nothing. */
function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [major, minor] = engines.node.match(/\d+/g).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  console.error(`Varve needs Node ${engines.node}; this is ${process.version}.`);
  process.exit(1);
}

/** Install scripts compile and download nothing; Node's headers are taken from beside Node where they are. */
function installEnvironment() {
  const prefix = resolve(process.execPath, '../..');
  const headers = existsSync(join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
  return { npm_config_build_from_source: 'true', ...headers };
}

/**
 * Installs the npm packages where they are missing. A machine without a C++ compiler gets everything but zstd, which
 * then says that it is not there.
 */
export function ensurePackages() {
  checkNode();
  if (existsSync(join(root, 'node_modules/.package-lock.json'))) return;
  console.log('Installing npm packages …');
  // npm warns of the variable by which install scripts are told to compile, since it is not its own.
  const args = ['ci', '--no-fund', '--no-audit', '--loglevel=error'];
  const env = installEnvironment();
  if (show('npm', args, env) === 0) return;
  console.log('That failed, perhaps for want of a C++ compiler: once more without install scripts (no zstd then) …');
  mustShow('npm', [...args, '--ignore-scripts'], env);
}

/** Builds what has changed. */
export function ensureBuilt() {
  mustShow('npm', ['run', '--silent', 'build']);
}

/** Installs the Debian packages that the tests use, as root on a Debian, where some are missing. */
export function ensureDebianPackages() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const wanted = readFileSync(join(root, '.ci/debian-packages'), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format is dpkg-query's own.
  const format = '${Package} ${db:Status-Status}\n';
  const query = spawnSync('dpkg-query', ['-W', '-f', format, ...wanted], {
    encoding: 'utf8',
  });
  const installed = new Set(
    query.stdout.split('\n').flatMap(line => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  const missing = wanted.filter(name => !installed.has(name));
  if (missing.length === 0) return;
  console.log(`Installing Debian packages for the tests: ${missing.join(' ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const ok =
    show('apt-get', ['update', '-qq'], env) === 0 &&
    show('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...missing], env) === 0;
  if (!ok) console.log('That failed; tests that need them are skipped (with CI=true they fail).');
}

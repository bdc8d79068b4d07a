// npm run executor:image [-- FLAGS OF varve build]: builds the executor image from deploy/executor/Dockerfile with varve itself. Where no
// registry has the node image, node and what else is needed come from this machine, a Debian; VARVE_EXECUTOR_BASE=machine or =image
// says which outright.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { root } from './setup.js';

const deploy = join(root, 'deploy/executor');
/** Packages that others need to be installed, not to run. */
const forInstalling = /^(@types\/.*|node-addon-api|prebuild-install|node-gyp-build.*|undici-types|type-fest)$/;
const notNeeded = /(?:\.(?:d\.[cm]?ts|[cm]?ts|map|md|c|cc|cpp|h|hpp|gyp|gypi|o|a|mk|tsbuildinfo)|\.musl\.node)$/;
const foldersNotNeeded =
  /^(?:test|tests|__tests__|docs?|examples?|benchmarks?|\.github|obj\.target|deps|dependencies)$/;

const work = mkdtempSync(join(tmpdir(), 'varve-executor-'));
try {
  const context = join(work, 'context');
  collectVarve(join(context, 'varve/node_modules'));
  for (const name of ['executor', 'warmer', 'varve-command', 'runtime.mjs'])
    cpSync(join(deploy, name), join(context, name));
  const given = process.argv.slice(2);
  const isGiven = given.some(word => /^(--build-context=)?runtime=/.test(word));
  const own = isGiven || (await hasImage()) ? [] : ['--build-context', `runtime=${machineRuntime()}`];
  const named = given.some(word => /^(-t|--tag)/.test(word)) ? [] : ['-t', `varve/executor:${version()}`];
  const words = ['build', context, '-f', join(deploy, 'Dockerfile'), ...own, ...named, ...given];
  process.exitCode = run(process.execPath, [join(root, 'packages/cli/bin/varve.js'), ...words]);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Whether a registry has the base, or is told to have it. */
async function hasImage() {
  const said = process.env.VARVE_EXECUTOR_BASE;
  if (said === 'machine' || said === 'image') return said === 'image';
  const { createRegistryClient, parseReference } = await import('@varve/oci');
  const [, image = ''] = /^ARG NODE_IMAGE=(\S+)/m.exec(readFileSync(join(deploy, 'Dockerfile'), 'utf8')) ?? [];
  const client = createRegistryClient({ retries: 0, timeouts: { connect: 5000, headers: 5000 } });
  const there = await client.resolve(parseReference(image)).then(
    () => true,
    () => false,
  );
  await client.close();
  if (!there) console.error(`${image} is out of reach: node and its libraries are those of this machine`);
  return there;
}

function machineRuntime() {
  const folder = join(work, 'runtime');
  if (run(process.execPath, [join(deploy, 'runtime.mjs'), folder]) !== 0)
    throw new Error('this machine lacks something: it needs Debian with the packages of .ci/debian-packages');
  return folder;
}

/** varve with the packages that it needs to run, where node looks for them. */
function collectVarve(target) {
  const seen = new Set();
  visit(join(root, 'packages/cli'));

  function visit(dir) {
    if (seen.has(dir)) return;
    seen.add(dir);
    const { name, dependencies = {}, optionalDependencies = {} } = manifest(dir);
    const to = join(target, placeOf(dir, name));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(dir, to, { recursive: true, dereference: false, filter: path => isNeeded(path, dir) });
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = forInstalling.test(needed) ? undefined : locate(needed, dir);
      if (found !== undefined) visit(found);
    }
  }
}

/** The place in node_modules: packages of this repository stand beside the others. */
function placeOf(dir, name) {
  if (!dir.includes('node_modules')) return name;
  const at = dir.indexOf('node_modules');
  const owner = dir.slice(0, at - 1);
  const below = dir.slice(at + 'node_modules/'.length);
  return owner === root ? below : join(manifest(owner).name, 'node_modules', below);
}

function isNeeded(path, dir) {
  if (path === dir) return true;
  const name = basename(path);
  const inOurs = !dir.includes('node_modules');
  if (statSync(path).isDirectory()) {
    if (name === 'node_modules') return false;
    if (inOurs)
      return dirname(path) !== dir || name === 'bin' || name === 'dist' ? name !== 'test' && name !== 'testing' : false;
    return !foldersNotNeeded.test(name);
  }
  if (inOurs && dirname(path) === dir) return /^(package\.json|oclif\.manifest\.json)$/.test(name);
  return !notNeeded.test(name);
}

function locate(name, from) {
  for (let dir = from; ; dir = dirname(dir)) {
    const path = join(dir, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return realpathSync(path);
    if (dir === dirname(dir)) return undefined;
  }
}

function manifest(dir) {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
}

function version() {
  return manifest(join(root, 'packages/cli')).version;
}

function run(program, args) {
  return spawnSync(program, args, { stdio: 'inherit' }).status ?? 1;
}

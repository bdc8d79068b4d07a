// npm run demo: builds a real image with RUN steps, off-line, on nothing but what this machine has; again, all is cached.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBuilt, ensurePackages, root, show } from './setup.js';

const work = join(root, '.work/demo');

if (process.platform !== 'linux') stop('The demo runs steps in Linux namespaces, so it needs Linux.');
ensurePackages();
ensureBuilt();
const host = gatherHost(join(work, 'host'));
const layout = join(work, 'image');
rmSync(layout, { recursive: true, force: true });

const code = show(process.execPath, [
  ...[join(root, 'packages/cli/bin/varve.js'), 'build', 'examples/demo'],
  ...['--build-context', `host=${host}`, '--store', join(work, 'store')],
  ...['-o', `type=oci,dest=${layout}`],
]);
if (code !== 0) {
  stop('The build failed; this says what the machine allows, and what it lacks: npx varve doctor');
}
showImage(layout);
console.log('\nRun it again: every step is cached.');

/** Lists the layers of the image and its digest. */
function showImage(folder) {
  const blob = digest => JSON.parse(readFileSync(join(folder, 'blobs', digest.replace(':', '/')), 'utf8'));
  const { digest } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests[0];
  const manifest = blob(digest);
  const history = blob(manifest.config.digest).history.filter(entry => !entry.empty_layer);
  console.log('\nLayers');
  manifest.layers.forEach((layer, index) => {
    const size = `${(layer.size / 1e6).toFixed(2)} MB`.padStart(10);
    console.log(`  ${layer.digest.slice(0, 19)}  ${size}  ${history[index]?.created_by ?? ''}`);
  });
  console.log(`Digest\n  ${digest}`);
}

/** Puts node, the shell and the libraries of both into a folder, at the paths where they are looked for; once. */
function gatherHost(folder) {
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const files = new Map([
    ['/usr/local/bin/node', process.execPath],
    ['/bin/sh', '/bin/sh'],
  ]);
  for (const program of [process.execPath, '/bin/sh'])
    for (const library of librariesOf(program)) files.set(library, library);
  for (const [place, source] of files) {
    const target = join(unfinished, place);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(realpathSync(source), target);
  }
  renameSync(unfinished, folder);
  return folder;
}

/** Paths of the shared libraries that a program loads, the loader included; none for a static one. */
function librariesOf(program) {
  const listed = spawnSync('ldd', [program], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (listed.error)
    stop(`The demo asks ldd (of glibc or musl) for the libraries of ${program}: ${listed.error.message}`);
  return [...listed.stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path]) => path);
}

function stop(message) {
  console.error(message);
  process.exit(1);
}

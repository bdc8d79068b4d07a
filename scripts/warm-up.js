// Writes beside each program of the bundle what V8 made of it while it ran: node warm-up.js BUNDLE. Builds a small image twice in this process,
// from and to a registry in memory, so that what a build runs is among it. Run by `bundle.js`; needs no network and no privilege.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRegistryClient, parseReference } from '@varve/oci';
import { sampleImage, startRegistry } from '@varve/oci/testing';

const [bundle, role] = process.argv.slice(2);
/** What runs in the processes of hosts. */
const forHosts = new Set(['main', 'plugin-snapshot-full', 'plugin-snapshot-overlay']);
const opened = name => import(pathToFileURL(join(bundle, name)).href);

// Under flags that a program sets while it runs V8 would not take the code at the start of the next one.
const v8 = createRequire(import.meta.url)('node:v8');
const setFlag = v8.setFlagsFromString;
v8.setFlagsFromString = flag => (flag === '--expose-gc' ? setFlag(flag) : undefined);
if (role !== 'host') await warmMain();
else await warmHost();
setFlag('--no-expose-gc');
const { compiledPrograms } = await opened('program-loader.js');
for (const [file, script] of compiledPrograms)
  if (forHosts.has(basename(file, '.cjs')) === (role === 'host'))
    writeFileSync(file.replace(/\.cjs$/, '.cache'), script.createCachedData());
process.exit();

async function warmMain() {
  const work = mkdtempSync(join(tmpdir(), 'varve-warm-up-'));
  const registry = await startRegistry();
  const client = createRegistryClient();
  try {
    const base = await sampleImage();
    const reference = parseReference(`${registry.host}/base:latest`);
    for (const [digest, bytes] of base.blobs)
      await client.pushBlob(
        reference,
        { digest, size: bytes.length, mediaType: 'application/octet-stream' },
        async function* () {
          yield bytes;
        },
      );
    await client.pushManifest(reference, base.manifestBytes, base.descriptor.mediaType);
    const context = join(work, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'file'), 'content\n');
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM ${registry.host}/base\nWORKDIR /app\nCOPY file .\nCMD ["/app/file"]\n`,
    );
    const { main } = await opened('varve.js');
    const words = [
      'build',
      context,
      '--store',
      join(work, 'store'),
      '-t',
      `${registry.host}/made`,
      '--push',
      '--progress',
      'quiet',
    ];
    const { write } = process.stdout;
    process.stdout.write = () => true;
    for (let round = 0; round < 2; round++) await main(words);
    process.stdout.write = write;
    if (process.exitCode) throw new Error('the build that warms up failed');
    // Under the flags of hosts: V8 takes only what was compiled under the same ones.
    const { hostFlags } = await import('../packages/engine/dist/src/host/client.js');
    const setup = { storeDir: join(work, 'store'), plugins: { named: [], bundled: [] } };
    const host = fork(import.meta.filename, [bundle, 'host'], {
      execArgv: [...hostFlags],
      env: { ...process.env, VARVE_HOST_SETUP: JSON.stringify(setup) },
      serialization: 'advanced',
    });
    await once(host, 'exit');
  } finally {
    await client.close();
    await registry.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** Starts a host as a build would, and asks nothing of it. */
async function warmHost() {
  for (const name of forHosts) await opened(`${name}.js`);
}

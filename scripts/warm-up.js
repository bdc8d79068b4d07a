// Writes beside each program of the bundle what V8 made of it while it ran: node warm-up.js BUNDLE. Builds a small image twice in this process,
// from and to a registry in memory, so that what a build runs is among it. Run by `bundle.js`; needs no network and no privilege.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRegistryClient, parseReference } from '@varve/oci';
import { sampleImage, startRegistry } from '@varve/oci/testing';

const [bundle] = process.argv.slice(2);
/** What runs in processes that a build starts, and needs most of its code: all of it is compiled, none of it run here. */
const ofOthers = [
  'main',
  'launcher',
  'launcher-in-place',
  'plugin-snapshot-full',
  'plugin-snapshot-mtime',
  'plugin-snapshot-overlay',
];
const opened = name => import(pathToFileURL(join(bundle, name)).href);

// Under flags that a program sets while it runs V8 would not take the code at the start of the next one.
const v8 = createRequire(import.meta.url)('node:v8');
const setFlag = v8.setFlagsFromString;
v8.setFlagsFromString = flag => (flag === '--expose-gc' ? setFlag(flag) : undefined);
setFlag('--no-flush-bytecode');
const { compiledPrograms, compileProgram } = await opened('program-loader.js');
await runBuilds();
setFlag('--no-lazy');
for (const name of ofOthers) compileProgram(pathToFileURL(join(bundle, `${name}.cjs`)));
for (const flag of ['--lazy', '--flush-bytecode', '--no-expose-gc']) setFlag(flag);
for (const [file, script] of compiledPrograms)
  writeFileSync(file.replace(/\.cjs$/, '.cache'), script.createCachedData());
process.exit();

/** What a build runs in this process is compiled by it, and nothing else: a command does not load what it seldom needs. */
async function runBuilds() {
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
  } finally {
    await client.close();
    await registry.close();
    rmSync(work, { recursive: true, force: true });
  }
}

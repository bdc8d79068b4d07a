// Writes beside each program of the bundle what V8 made of it while it ran: node warm-up.js BUNDLE. Builds a small image twice in this process,
// from and to a registry in memory, so that what a build runs is among it, and once more with steps. Run by `bundle.js`; needs no network and no
// privilege.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
// What commands that build nothing load.
compileProgram(join(bundle, 'oci.cjs'));
setFlag('--no-lazy');
for (const name of ofOthers) compileProgram(join(bundle, `${name}.cjs`));
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
    for (let round = 0; round < 2; round++) await quietly(() => main(words), process.stdout);
    if (process.exitCode) throw new Error('the build that warms up failed');
    // Where this process may make no namespaces this fails, and what steps need of main is compiled in the builds that have some.
    appendFileSync(join(context, 'Dockerfile'), 'RUN one\nCOPY file other\nRUN two\n');
    const withSteps = [
      ...words,
      '--plugin',
      join(import.meta.dirname, 'warm-up-executor.js'),
      '--executor',
      'writes-a-file',
    ];
    await quietly(() => main(withSteps), process.stdout, process.stderr);
    process.exitCode = 0;
  } finally {
    await client.close();
    await registry.close();
    rmSync(work, { recursive: true, force: true });
  }
}

async function quietly(run, ...outputs) {
  const before = outputs.map(({ write }) => write);
  for (const output of outputs) output.write = () => true;
  await run();
  for (const [at, output] of outputs.entries()) output.write = before[at];
}

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import type { Descriptor } from '@varve/oci';
import { need } from '../rig/need.js';
import { inRepository } from '../rig/repository.js';
import { run } from '../rig/run.js';
import { transcript, varveBin, varveEnvironment, varveWith } from '../rig/varve.js';

const skipUnlessRoot = process.getuid?.() === 0 ? false : 'RUN steps need root';

/** As short as can be: what a compressor has to take besides is in compressorSuite. */
const brotliPlugin = `
import { Readable } from 'node:stream';
import { createBrotliCompress, createBrotliDecompress } from 'node:zlib';
import { definePlugin, provide } from '@varve/engine/plugin';

const mediaType = 'application/vnd.example.layer.v1.tar+br';
const brotli = {
  mediaType,
  fingerprint: 'brotli',
  compress: tar => Readable.from(tar).pipe(createBrotliCompress()),
  decompress: blob => Readable.from(blob).pipe(createBrotliDecompress()),
};
const compressor = { slot: 'compressor', id: 'brotli', summary: '', traits: { mediaTypes: [mediaType] }, rank: 0 };
export default definePlugin({
  parseOptions: raw => raw,
  create: () => ({
    name: 'brotli',
    version: '1.0.0',
    contract: '^1.0.0',
    provides: [provide({ ...compressor, create: async () => brotli })],
  }),
});
`;

describe('what the documents say works', () => {
  let folder = '';
  before(() => {
    // Far from the repository: a plugin finds @varve/engine there too.
    folder = mkdtempSync(join(tmpdir(), 'varve-documents-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('npm run demo, twice: an image, then all cached, at once', { skip: skipUnlessRoot }, async () => {
    const options = { cwd: inRepository('.'), env: varveEnvironment(), timeout: 300_000 };
    const first = await run('npm', ['run', '--silent', 'demo'], options);
    assert.equal(first.code, 0, transcript(first));
    assert.match(first.stdout, /^Digest\n {2}sha256:[0-9a-f]{64}$/m);
    const second = await run('npm', ['run', '--silent', 'demo'], options);
    assert.equal(second.code, 0, transcript(second));
    const seconds = /^Built in ([\d.]+)s: all \d+ steps were cached$/m.exec(second.stderr)?.[1];
    // Half a second on a quiet machine; other tests run beside this one.
    assert.ok(seconds !== undefined && Number(seconds) < 4, transcript(second));
  });

  test('the commands of the README that need no registry', { skip: skipUnlessRoot }, async () => {
    const varve = varveWith(join(folder, 'store'));
    for (const args of [
      ['doctor'],
      ['plan', '.'],
      ['build', '.', '-o', 'type=oci,dest=app.tar'],
      ['build', '--help'],
    ]) {
      const outcome = args.includes('--help')
        ? await run(process.execPath, [varveBin, ...args], { env: varveEnvironment() })
        : await varve(args, { cwd: folder });
      assert.equal(outcome.code, 0, transcript(outcome));
    }
  });

  /** Writes a plugin of docs/plugins.md, which begins with its own name, into the folder. */
  function writePlugin(name: string): void {
    const page = readFileSync(inRepository('docs/plugins.md'), 'utf8');
    const source = page.split('```').find(block => block.startsWith(`js\n// ${name}`));
    assert.ok(source !== undefined, name);
    writeFileSync(join(folder, name), source.slice('js\n'.length));
  }

  test('the first plugin of docs/plugins.md', async () => {
    writePlugin('policy.js');
    const varve = varveWith(join(folder, 'store'));
    const call = (level: string) =>
      varve(['build', '.', '--plugin', `./policy.js,level=${level}`, '-o', 'type=oci,dest=out'], { cwd: folder });
    const allowed = await call('1');
    assert.equal(allowed.code, 0, transcript(allowed));
    const refused = await call('2');
    assert.equal(refused.code, 1, transcript(refused));
    assert.match(refused.stderr, /policy refused in imageBuilt: the image runs as root \[E_PLUGIN_HOOK\]/);
    assert.match(refused.stderr, /add a USER to the Dockerfile/);
    const mistaken = await varve(['build', '.', '--plugin', './policy.js,colour=red'], { cwd: folder });
    assert.equal(mistaken.code, 2, transcript(mistaken));
    assert.match(mistaken.stderr, /policy has no option colour/);
  });

  test('the plugin that varve plugin create writes', async () => {
    const varve = varveWith(join(folder, 'store'));
    const { stdout } = await run(process.execPath, [varveBin, 'plugin', 'create', 'size.js'], {
      cwd: folder,
      env: varveEnvironment(),
    });
    assert.match(stdout, /varve build \. --plugin/);
    const call = (options: string) => varve(['build', '.', '--plugin', `./size.js${options}`], { cwd: folder });
    assert.equal((await call('')).code, 0);
    const refused = await call(',largest=0');
    assert.equal(refused.code, 1, transcript(refused));
    assert.match(refused.stderr, /size refused in imageBuilt: the image has [\d.]+ MB/);
    const mistaken = await call(',largest=many,smallest=1');
    assert.equal(mistaken.code, 2, transcript(mistaken));
    assert.match(mistaken.stderr, /size: there is no option smallest; largest is a number of megabytes/);
  });

  test('the second one', async () => {
    writePlugin('note.js');
    const varve = varveWith(join(folder, 'store'));
    const call = (output: string) =>
      varve(['build', '.', '-t', 'a.test/b:1', '--plugin', './note.js', '-o', output], { cwd: folder });
    const built = await call('type=note,dest=note.txt');
    assert.equal(built.code, 0, transcript(built));
    assert.equal(readFileSync(join(folder, 'note.txt'), 'utf8'), `${built.stdout.trim()} a.test/b:1\n`);
    const mistaken = await call('type=note');
    assert.equal(mistaken.code, 2, transcript(mistaken));
    assert.match(mistaken.stderr, /type=note needs dest=/);
  });

  test('a plugin far from everything, in each process that writes layers', {
    skip: need('linux', 'root', 'busybox'),
  }, async () => {
    writeFileSync(join(folder, 'brotli.js'), brotliPlugin);
    cpSync('/bin/busybox', join(folder, 'busybox'));
    const made = 'RUN ["/busybox", "sh", "-c", "echo made by a step > /made"]';
    writeFileSync(join(folder, 'Dockerfile.brotli'), `FROM scratch\nCOPY busybox /\n${made}\n`);
    const flags = ['--plugin', './brotli.js', '--compression', 'brotli', '-o', 'type=oci,dest=brotli'];
    const varve = varveWith(join(folder, 'store'));
    const built = await varve(['build', '.', '-f', 'Dockerfile.brotli', ...flags], { cwd: folder });
    assert.equal(built.code, 0, transcript(built));
    const blob = (digest: string): Buffer => readFileSync(join(folder, 'brotli/blobs', digest.replace(':', '/')));
    const manifest = JSON.parse(blob(built.stdout.trim()).toString()) as { layers: Descriptor[] };
    const type = 'application/vnd.example.layer.v1.tar+br';
    assert.deepEqual(
      manifest.layers.map(({ mediaType }) => mediaType),
      [type, type],
    );
    assert.ok(brotliDecompressSync(blob(manifest.layers[1]?.digest ?? '')).includes('made by a step\n'));
  });

  test("the program of the engine's README, twice: the second time nothing runs", {
    skip: need('linux', 'root', 'busybox'),
  }, async () => {
    const page = readFileSync(inRepository('packages/engine/README.md'), 'utf8');
    const program = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    // Where the packages are installed, as in a project of its own.
    mkdirSync(inRepository('.work'), { recursive: true });
    const project = mkdtempSync(inRepository('.work/program-'));
    try {
      writeFileSync(join(project, 'program.mjs'), program.replace('event.type', 'event.type, event.result?.kind'));
      cpSync('/bin/busybox', join(project, 'busybox'));
      writeFileSync(join(project, 'Dockerfile'), 'FROM scratch\nCOPY busybox /\nRUN ["/busybox", "touch", "/made"]\n');
      const env = { ...varveEnvironment(), VARVE_STORE: join(project, 'store') };
      for (const kind of ['ran', 'cached']) {
        const outcome = await run(process.execPath, ['program.mjs'], { cwd: project, env });
        assert.equal(outcome.code, 0, transcript(outcome));
        assert.deepEqual(outcome.stdout.match(/(?<=^stepFinished )\w+$/gm), [kind, kind]);
        assert.match(outcome.stdout, /^sha256:[0-9a-f]{64}$/m);
      }
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });
});

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';

const bin = fileURLToPath(new URL('../../bin/varve.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'varve-start-up-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** The files that a call of varve loads, from the folder of the bin file or of npm packages; what V8 reports when its coverage is asked for. */
function loaded(...args: readonly string[]): readonly string[] {
  const coverage = mkdtempSync(join(dir, 'coverage-'));
  const env = { ...process.env, NODE_V8_COVERAGE: coverage, VARVE_STORE: join(dir, 'store') };
  execFileSync(process.execPath, [bin, ...args], { cwd: dir, env, stdio: 'pipe' });
  const [report = ''] = readdirSync(coverage);
  const { result } = JSON.parse(readFileSync(join(coverage, report), 'utf8')) as {
    readonly result: readonly { readonly url: string }[];
  };
  const urls = result.flatMap(({ url }) => /(?:node_modules|bin|bundle)\/.*$/.exec(url)?.[0] ?? []);
  return urls.map(url => url.replace(/-[0-9A-Z]{8}(?=\.js$)/, ''));
}

const packagesAmong = (files: readonly string[]): readonly string[] =>
  [...new Set(files.flatMap(file => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))].sort();

test('a command that builds nothing loads neither the engine nor any package', () => {
  for (const call of [['version'], ['help'], ['build', '--help']]) {
    const files = loaded(...call);
    assert.ok(files.includes('bundle/varve.js'), files.join(' '));
    assert.ok(!files.includes('bundle/engine.js'), call.join(' '));
    assert.deepEqual(packagesAmong(files), [], call.join(' '));
  }
});

test('a build without network, RUN and earlier builds loads no HTTP, no compressor of others, no way to watch', () => {
  writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
  const all = loaded('build', '.', '--progress', 'quiet');
  for (const name of ['undici', 'chokidar', 'zstd-napi', 'semver', 'unbzip2-stream', 'xz-decompress'])
    assert.ok(!packagesAmong(all).includes(name), name);
  for (const name of [
    'tar-worker',
    'hash-worker',
    'launcher',
    'plugin-snapshot-full',
    'plugin-snapshot-overlay',
    'plugin-compress-zstd',
  ])
    assert.ok(!all.includes(`bundle/${name}.js`), name);
  const again = loaded('build', '.', '--progress', 'quiet');
  assert.ok(again.length <= all.length, 'a build that is cached loads more than one that is not');
  assert.deepEqual(packagesAmong(again), [], 'what each build runs is in the bundle');
});

test('LMDB in the bundle goes through what it has as the package does', async () => {
  const context = mkdtempSync(join(dir, 'context-'));
  const store = mkdtempSync(join(dir, 'store-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\nWORKDIR /one\nWORKDIR /other\n');
  execFileSync(process.execPath, [bin, 'build', context, '--store', store, '--progress', 'quiet']);
  const path = join(store, 'state/cache-lmdb/steps-1');
  const keys = async () => {
    const root = open({ path, maxDbs: 4 });
    try {
      return ['steps', 'places', 'notes'].flatMap(name => [...root.openDB({ name, encoding: 'binary' }).getKeys()]);
    } finally {
      await root.close();
    }
  };
  assert.ok((await keys()).length > 3);
  execFileSync(process.execPath, [bin, 'cache', 'prune', '--all', '--store', store]);
  assert.deepEqual(await keys(), []);
});

test('LMDB in the bundle reads values of any size as they were written, and holds on to no memory for that', () => {
  const bundle = new URL('../../dist/bundle/', import.meta.url).href;
  const script = `
    const plugin = (await import('${bundle}plugin-cache-lmdb.js')).default.default;
    const { provides: [provider] } = await plugin.create({});
    const stateDir = process.argv[1];
    const cache = await provider.create({ stateDir, env: {}, warn: text => { throw new Error(text); } });
    const sizes = [1, 1000, 32_768, 65_527, 65_528, 65_529, 200_000, 5_000_000, 2];
    const note = size => ({ name: String(size), value: Buffer.alloc(size, size % 251) });
    await cache.remember(sizes.map(note));
    const recalled = await cache.recall([...sizes.map(String), 'absent']);
    const wrong = sizes.filter((size, index) => !note(size).value.equals(recalled[index]));
    // What is collected is given back a moment later.
    const isLittle = () => process.memoryUsage().arrayBuffers < 16_000_000;
    for (let waited = 0; waited < 100 && !isLittle(); waited++) {
      globalThis.gc();
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    const isGivenBack = isLittle();
    await cache.close();
    console.log(JSON.stringify({ wrong, absent: recalled.at(-1) === undefined, isGivenBack }));
  `;
  const stateDir = mkdtempSync(join(dir, 'notes-'));
  const args = ['--expose-gc', '--input-type=module', '--eval', script, stateDir];
  const told = execFileSync(process.execPath, args, { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(told), { wrong: [], absent: true, isGivenBack: true });
});

test('V8 takes what it compiled when the bundle was made', () => {
  const bundle = new URL('../../dist/bundle/', import.meta.url).href;
  const script = `
    await import('${bundle}varve.js');
    await import('${bundle}engine.js');
    await import('${bundle}plugin-cache-lmdb.js');
    const { compiledPrograms } = await import('${bundle}program-loader.js');
    console.log(JSON.stringify([...compiledPrograms.values()].map(program => program.cachedDataRejected ?? 'none')));
  `;
  const told = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(told), [false, false, false]);
});

test('a build that asks a registry loads no HTTP/2', () => {
  const context = mkdtempSync(join(dir, 'context-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM localhost:1/base\n');
  const words = ['build', context, '--store', join(dir, 'store'), '--progress', 'quiet'];
  const script = `
    process.on('exit', () => console.log(JSON.stringify(process.moduleLoadList)));
    const { main } = await import(${JSON.stringify(new URL('../../dist/bundle/varve.js', import.meta.url).href)});
    await main(${JSON.stringify(words)});
  `;
  const env = { ...process.env, NO_PROXY: '*' };
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', env });
  const modules = JSON.parse(stdout) as readonly string[];
  assert.ok(modules.includes('NativeModule net'), 'no registry was asked');
  assert.ok(!modules.includes('NativeModule http2'));
});

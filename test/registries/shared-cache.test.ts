import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createRegistryClient, type Manifest, parseReference } from '@varve/oci';
import { type DockerRegistry, type Fault, noise, sampleImage } from '@varve/oci/testing';
import { wrongInStore } from '../rig/blob-check.js';
import { stepsThatRan } from '../rig/build-events.js';
import { need } from '../rig/need.js';
import { pushImage, startProxy, startStrictRegistry } from '../rig/oci-services.js';
import { transcript, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'registry');
const always = Number.POSITIVE_INFINITY;

describe('a registry cache of several writers', { skip }, () => {
  let bench: Workbench;
  let registry: DockerRegistry;
  let repository: string;
  let count = 0;

  before(async () => {
    bench = openWorkbench('shared-cache');
    registry = await startStrictRegistry(bench);
    mkdirSync(bench.path('context'));
    for (const name of 'abcdepqrs') writeFileSync(bench.path(`context/${name}`), noise(100_000, name));
  });
  beforeEach(() => {
    repository = `cache-${++count}`;
  });
  after(() => bench?.close());

  /** Builds an image of the named files, a step each, on a fresh machine. */
  async function build(files: string, mode: 'ro' | 'rw', host = registry.host): Promise<VarveOutcome> {
    const id = ++count;
    const text = ['FROM scratch', ...Array.from(files, name => `COPY ${name} /`)].join('\n');
    writeFileSync(bench.path(`Dockerfile-${id}`), `${text}\n`);
    const output = bench.path(`layout-${id}`);
    const cache = mode === 'ro' ? ',mode=ro' : '';
    const flags = ['-f', bench.path(`Dockerfile-${id}`), '-o', `type=oci,dest=${output}`, '--progress', 'json'];
    const varve = varveWith(bench.path(`store-${id}`));
    const outcome = await varve(
      ['build', bench.path('context'), ...flags, '--cache', `registry,ref=${host}/${repository}${cache}`],
      { env: { SOURCE_DATE_EPOCH: '1700000000' } },
    );
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.deepEqual([...wrongInStore(output), ...wrongInStore(varve.store)], []);
    return outcome;
  }

  function warnings({ events }: VarveOutcome): string[] {
    return events.filter(({ type }) => type === 'warning').map(({ code }) => String(code));
  }

  async function ran(files: string, host?: string): Promise<number> {
    return stepsThatRan(await build(files, 'ro', host)).length;
  }

  /** The data files in the registry's storage of the layers that the cache has. */
  async function cachedLayers(): Promise<readonly string[]> {
    const client = createRegistryClient();
    const reference = parseReference(`${registry.host}/${repository}`);
    const saved = new Set<string>();
    for (const tag of await client.tags(reference)) {
      const { json } = await client.manifest({ ...reference, tag });
      for (const { digest } of (json as Manifest).layers ?? []) saved.add(digest.replace('sha256:', ''));
    }
    await client.close();
    return [...saved].map(hex => join(registry.dir, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data'));
  }

  test('builds that write at once all find what the others wrote', async () => {
    const all = ['abc', 'abd', 'abe', 'bcd'];
    await Promise.all(all.map(files => build(files, 'rw')));
    for (const files of all) assert.equal(await ran(files), 0, `${files} is not wholly cached`);
    const client = createRegistryClient();
    const { json } = await client.manifest(parseReference(`${registry.host}/${repository}:varve`));
    assert.ok('manifests' in json);
    await client.close();
  });

  /** Builds on a fresh machine with these flags for caches and outputs, and gives what was told the registry. */
  async function buildWith(
    files: string,
    ...flags: readonly string[]
  ): Promise<{ outcome: VarveOutcome; told: string[] }> {
    const id = ++count;
    const text = ['FROM scratch', ...Array.from(files, name => `COPY ${name} /`)].join('\n');
    writeFileSync(bench.path(`Dockerfile-${id}`), `${text}\n`);
    const proxy = await startProxy(bench, registry.host);
    const own = flags.map(flag => flag.replace('REGISTRY', proxy.host));
    const varve = varveWith(bench.path(`store-${id}`));
    const outcome = await varve(
      ['build', bench.path('context'), '-f', bench.path(`Dockerfile-${id}`), '--progress', 'json', ...own],
      { env: { SOURCE_DATE_EPOCH: '1700000000' } },
    );
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.doesNotMatch(outcome.stderr, /MaxListeners/);
    return { outcome, told: proxy.seen.map(({ method, url }) => `${method} ${url}`) };
  }

  test('several are read as one, each giving the layers that it named; what is exported to is complete', async () => {
    await build('ab', 'rw');
    const [main, branch] = [repository, `${repository}-branch`];
    const from = ['--cache-from', `REGISTRY/${repository}-none`, '--cache-from', `type=registry,ref=REGISTRY/${main}`];
    const to = ['--cache-to', `type=registry,ref=REGISTRY/${branch},mode=max`];
    const output = (name: string) => ['-o', `type=oci,dest=${bench.path(`several-${count}-${name}`)}`];
    const { outcome, told } = await buildWith('abc', ...from, ...to, ...output('first'));
    assert.deepEqual([stepsThatRan(outcome).length, warnings(outcome)], [1, []]);
    const puts = told.filter(line => line.startsWith('PUT') && line.includes(`/${branch}/blobs/uploads/`));
    assert.equal(puts.length, 4, `one layer and three small configs: ${told.join('\n')}`);
    repository = branch;
    assert.equal(await ran('abc'), 0);
    const again = await buildWith('abc', ...from, ...to, ...output('again'));
    assert.deepEqual(
      again.told.filter(line => /^(PUT|POST|PATCH)/.test(line)),
      [],
    );
  });

  test('what an image shares with the cache is sent to their registry once', async () => {
    const cache = ['--cache', `registry,ref=REGISTRY/${repository}`];
    const first = await buildWith('abc', ...cache, '-t', `REGISTRY/${repository}-app:1`, '--push');
    assert.deepEqual(warnings(first.outcome), []);
    const layers = first.told.filter(line => line.startsWith('PUT') && line.includes('/blobs/uploads/'));
    assert.equal(
      layers.length,
      3 + 3 + 1,
      `three layers, their three configs and that of the image: ${first.told.join('\n')}`,
    );
    const later = await buildWith('abc', ...cache, '-t', `REGISTRY/${repository}-other:1`, '--push');
    assert.equal(stepsThatRan(later.outcome).length, 0);
    assert.deepEqual(
      later.told.filter(line => line.startsWith('GET') && line.includes('/blobs/')),
      [],
      'layers were fetched only to be sent',
    );
    assert.equal(later.outcome.stdout, first.outcome.stdout);
  });

  test('a step that it knew is known to this machine afterwards, as far as its layer came here', async () => {
    await build('ab', 'rw');
    const id = ++count;
    writeFileSync(bench.path(`Dockerfile-${id}`), 'FROM scratch\nCOPY a /\nCOPY b /\n');
    const varve = varveWith(bench.path(`store-${id}`));
    const flags = ['-f', bench.path(`Dockerfile-${id}`), '-o', `type=oci,dest=${bench.path(`here-${id}.tar`)}`];
    const env = { SOURCE_DATE_EPOCH: '1700000000' };
    const cache = ['--cache', 'lmdb', '--cache', `registry,ref=${registry.host}/${repository},mode=ro`];
    const first = await varve(['build', bench.path('context'), ...flags, ...cache], { env });
    assert.match(first.stderr, /CACHED by registry/);
    const later = await varve(['build', bench.path('context'), ...flags], { env });
    assert.equal(later.stderr.match(/CACHED by lmdb/g)?.length, 2, transcript(later));
  });

  test('an index that was lost costs nothing but requests, and is made again', async () => {
    await build('abc', 'rw');
    const link = join(registry.dir, `docker/registry/v2/repositories/${repository}/_manifests/tags/varve`);
    assert.ok(existsSync(link));
    rmSync(link, { recursive: true });
    assert.equal(await ran('abc'), 0);
    await build('abcd', 'rw');
    assert.ok(existsSync(link));
    assert.equal(await ran('abcd'), 0);
  });

  test('an index that is something else, or damaged, does not matter', async () => {
    await build('abc', 'rw');
    await pushImage(`${registry.host}/${repository}:varve`, await sampleImage());
    assert.equal(await ran('abc'), 0);
    const index: Fault = { kind: 'corrupt', method: 'GET', path: /manifests\/varve$/, times: always };
    for (const faults of [[index], [{ ...index, kind: 'truncate', at: 0.5 } as const]]) {
      const proxy = await startProxy(bench, registry.host, faults);
      const outcome = await build('abc', 'ro', proxy.host);
      assert.ok(proxy.struck() > 0);
      assert.ok(stepsThatRan(outcome).length === 0 || warnings(outcome).includes('W_CACHE_OFF'), transcript(outcome));
    }
  });

  test('a layer that the registry has lost, or has wrong, is made again', async () => {
    const expected = (await build('a', 'rw')).stdout;
    const [file = ''] = await cachedLayers();
    const bytes = readFileSync(file);
    const wrong = Buffer.from(bytes);
    wrong[Math.floor(wrong.length / 2)] = (wrong[Math.floor(wrong.length / 2)] ?? 0) ^ 1;
    for (const content of [wrong, bytes.subarray(0, bytes.length / 2), Buffer.alloc(0), undefined]) {
      if (content === undefined) rmSync(file);
      else writeFileSync(file, content);
      const outcome = await build('a', 'ro');
      assert.equal(outcome.stdout, expected, `${content?.length} bytes`);
      assert.equal(warnings(outcome).at(-1), 'W_CACHE_LOST');
      assert.equal(stepsThatRan(outcome).length, 1);
    }
  });

  test('of layers that it has lost only those are made again, and what is exported elsewhere goes on', async () => {
    const expected = (await build('pqrs', 'rw')).stdout;
    for (const file of (await cachedLayers()).slice(0, 2)) rmSync(file);
    const outcome = await build('pqrs', 'ro');
    assert.equal(outcome.stdout, expected);
    assert.deepEqual(new Set(warnings(outcome)), new Set(['W_CACHE_LOST']));
    assert.equal(stepsThatRan(outcome).length, 2, transcript(outcome));
    const to = `${repository}-to`;
    const caches = ['--cache-from', `REGISTRY/${repository}`, '--cache-to', `REGISTRY/${to}`];
    const { outcome: exported } = await buildWith(
      'pqrs',
      ...caches,
      '-o',
      `type=oci,dest=${bench.path(`lost-${count}`)}`,
    );
    assert.equal(exported.stdout, expected);
    assert.deepEqual(new Set(warnings(exported)), new Set(['W_CACHE_LOST']));
    repository = to;
    assert.equal(await ran('pqrs'), 0);
  });

  const failures: readonly { readonly name: string; readonly faults: readonly Fault[]; readonly warns: number }[] = [
    { name: 'answers 500 to everything', faults: [{ kind: 'status', status: 500, times: always }], warns: 1 },
    { name: 'answers 403 to everything', faults: [{ kind: 'status', status: 403, times: always }], warns: 1 },
    {
      name: 'answers with a web page',
      faults: [{ kind: 'huge', bytes: 500, contentType: 'text/html', times: always, method: 'GET' }],
      warns: 0,
    },
    { name: 'takes nothing', faults: [{ kind: 'status', status: 403, method: 'POST', times: always }], warns: 1 },
  ];
  for (const { name, faults, warns } of failures)
    test(`a cache that ${name} fails no build`, async () => {
      const proxy = await startProxy(bench, registry.host, faults);
      const outcome = await build('abc', 'rw', proxy.host);
      assert.equal(stepsThatRan(outcome).length, 3);
      assert.equal(
        warnings(outcome).filter(code => /^W_CACHE_(OFF|READ_ONLY)$/.test(code)).length,
        warns,
        transcript(outcome),
      );
    });

  test('a cache that is not there fails no build', async () => {
    const outcome = await build('ab', 'rw', 'registry.invalid');
    assert.equal(stepsThatRan(outcome).length, 2);
    assert.deepEqual(warnings(outcome), ['W_CACHE_OFF']);
  });
});

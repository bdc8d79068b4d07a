import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type CacheSubject, cacheSuite, madeStep } from '@varve/engine/testing';
import { createRegistryClient, isIndexJson, parseReference, type RegistryClient } from '@varve/oci';
import { type MemoryRegistry, startDockerRegistry, startRegistry } from '@varve/oci/testing';
import { parseOptions } from '../src/options.js';
import { RegistryCache } from '../src/registry-cache.js';

const client: RegistryClient = createRegistryClient({ retries: 0 });
/** docker-registry answers 500 to some of those who set one tag at the same moment. */
const patient: RegistryClient = createRegistryClient({ retryDelay: 20 });
const signal = AbortSignal.timeout(120_000);
const docker = await startDockerRegistry();
const strict: MemoryRegistry = await startRegistry();
after(async () => {
  await client.close();
  await patient.close();
  await strict.close();
  if (!('missing' in docker)) await docker.close();
});

const noWarning = (code: string, message: string): never => assert.fail(`${code} ${message}`);
const subject = (ref: string, writer = client): CacheSubject => ({
  open: async () => new RegistryCache(writer, parseOptions({ ref }), noWarning),
  keepsBlobs: true,
  shared: true,
  remembers: async () => {
    const place = parseReference(ref);
    const texts = await Promise.all(
      (await client.tags(place)).map(async tag => {
        const { bytes, json } = await client.manifest({ ...place, tag });
        const blobs = isIndexJson(json) ? [] : [json.config, ...json.layers];
        const contents = await Promise.all(blobs.map(blob => textOf(client.blob(place, blob))));
        return [tag, Buffer.from(bytes).toString(), ...contents].join('\n');
      }),
    );
    return texts.join('\n');
  },
});

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

cacheSuite('registry, against a strict registry', subject(`${strict.host}/team/cache`));
if (!('missing' in docker))
  cacheSuite('registry, against docker-registry', subject(`${docker.host}/team/cache`, patient));

describe('registry cache', () => {
  let ref: string;
  let count = 0;
  let warnings: string[];
  const open = (options: Readonly<Record<string, string>> = {}): RegistryCache =>
    new RegistryCache(client, parseOptions({ ref, ...options }), (code, message) =>
      warnings.push(`${code} ${message}`),
    );
  const steps = Array.from({ length: 12 }, (_, n) => madeStep(`step ${n}`));
  const keys = steps.map(({ key }) => key);

  beforeEach(() => {
    ref = `${strict.host}/cache/${count++}`;
    warnings = [];
  });

  async function filled(): Promise<void> {
    const cache = open();
    for (const step of steps) await cache.save(step, signal);
    await cache.close();
    strict.seen.length = 0;
  }

  it('answers a whole plan with one request', async () => {
    await filled();
    const cache = open();
    assert.ok((await cache.findMany(keys, signal)).every(step => step !== undefined));
    await cache.close();
    assert.deepEqual(
      strict.seen.map(({ method, url }) => `${method} ${url}`),
      [`GET /v2/${ref.slice(ref.indexOf('/') + 1)}/manifests/varve`],
    );
  });

  it('needs the index for nothing but speed, and makes it good', async () => {
    await filled();
    await client.deleteManifest(parseReference(`${ref}:varve`));
    const cache = open();
    assert.ok((await cache.findMany(keys, signal)).every(step => step !== undefined));
    await cache.close();
    strict.seen.length = 0;
    const again = open();
    assert.ok((await again.findMany(keys, signal)).every(step => step !== undefined));
    assert.equal(strict.seen.length, 1);
  });

  for (const [name, host] of [
    ['a strict registry', strict.host],
    ...('missing' in docker ? [] : [['docker-registry', docker.host] as const]),
  ] as const)
    it(`loses nothing that several write at the same time, to ${name}`, async () => {
      ref = `${host}/cache/shared-${count++}`;
      const writers = Array.from({ length: 5 }, (_, writer) => ({
        client: createRegistryClient({ retryDelay: 20 }),
        // Each has steps of its own, and some that others save too.
        steps: [...steps.slice(0, 4), ...Array.from({ length: 6 }, (_step, n) => madeStep(`step ${n} of ${writer}`))],
      }));
      await Promise.all(
        writers.map(async writer => {
          const cache = new RegistryCache(writer.client, parseOptions({ ref }), noWarning);
          const own = writer.steps.map(({ key }) => key);
          await cache.findMany(own, signal);
          const saved = await Promise.all(writer.steps.map(step => cache.save(step, signal)));
          assert.ok(saved.every(outcome => outcome === 'stored'));
          await cache.close();
          await writer.client.close();
        }),
      );
      const all = writers.flatMap(writer => writer.steps);
      for (const mode of ['rw', 'ro']) {
        const reader = open({ mode });
        const found = await reader.findMany(
          all.map(({ key }) => key),
          signal,
        );
        assert.deepEqual(
          found.map(step => step?.layer?.diffId),
          all.map(({ step }) => step.layer?.diffId),
        );
        await reader.close();
      }
      assert.deepEqual(warnings, []);
      if (host !== strict.host) return;
      strict.seen.length = 0;
      const later = open({ mode: 'ro' });
      await later.findMany(
        all.map(({ key }) => key),
        signal,
      );
      assert.equal(strict.seen.length, 1, 'the index is whole again');
    });

  it('takes what others keep under its tags for nothing', async () => {
    await filled();
    const { sampleImage } = await import('@varve/oci/testing');
    const image = await sampleImage();
    const place = parseReference(ref);
    for (const [digest, bytes] of image.blobs)
      await client.pushBlob(place, { digest, size: bytes.length, mediaType: 'x/y' }, async function* () {
        yield bytes;
      });
    for (const tag of ['varve', `varve-${keys[0]}`])
      await client.pushManifest({ ...place, tag }, image.manifestBytes, image.descriptor.mediaType);
    const cache = open();
    const found = await cache.findMany(keys.slice(0, 2), signal);
    assert.deepEqual(found, [undefined, steps[1]?.step]);
  });

  it('leaves an image under its tag as it is, and says so; a cache of BuildKit it replaces', async () => {
    const { sampleImage } = await import('@varve/oci/testing');
    const image = await sampleImage();
    const place = parseReference(`${ref}:varve`);
    const push = async (config: string): Promise<string> => {
      const manifest = { ...image.manifest, config: { ...image.manifest.config, mediaType: config } };
      for (const [digest, bytes] of image.blobs)
        await client.pushBlob(place, { digest, size: bytes.length, mediaType: 'x/y' }, async function* () {
          yield bytes;
        });
      const bytes = Buffer.from(JSON.stringify(manifest));
      return (await client.pushManifest(place, bytes, image.descriptor.mediaType)).digest;
    };
    for (const [config, expected] of [
      [image.manifest.config.mediaType, ['W_CACHE_TAG_TAKEN']],
      ['application/vnd.buildkit.cacheconfig.v0', []],
    ] as const) {
      warnings = [];
      const before = await push(config);
      const cache = open();
      await cache.save(steps[0] as (typeof steps)[0], signal);
      await cache.close();
      assert.deepEqual(
        warnings.map(text => text.split(' ')[0]),
        expected,
      );
      assert.equal((await client.resolve(place)).digest === before, expected.length > 0);
      assert.deepEqual(await open().findMany(keys.slice(0, 1), signal), [steps[0]?.step]);
    }
  });

  it('keeps scopes in one repository apart', async () => {
    await filled();
    const other = new RegistryCache(client, parseOptions({ ref: `${ref}:main` }), noWarning);
    assert.deepEqual(await other.findMany(keys.slice(0, 1), signal), [undefined]);
    await other.save(steps[0] as (typeof steps)[0], signal);
    await other.close();
    assert.deepEqual((await client.tags(parseReference(ref))).filter(tag => tag.startsWith('main')).length, 2);
  });

  it('forgets what is older than its ttl', async () => {
    await filled();
    await new Promise(resolve => setTimeout(resolve, 1100));
    assert.deepEqual(await open({ ttl: '1s' }).findMany(keys.slice(0, 1), signal), [undefined]);
    assert.notDeepEqual(await open({ ttl: '1h' }).findMany(keys.slice(0, 1), signal), [undefined]);
  });

  it('asks the tag where the index only knows something that is too old', async () => {
    await filled();
    const index = await client.manifest(parseReference(`${ref}:varve`));
    await new Promise(resolve => setTimeout(resolve, 1100));
    const renewing = open();
    await renewing.save(steps[0] as (typeof steps)[0], signal);
    await renewing.close();
    await client.pushManifest(parseReference(`${ref}:varve`), index.bytes, index.descriptor.mediaType);
    const found = await open({ ttl: '1s' }).findMany(keys.slice(0, 2), signal);
    assert.deepEqual(found, [steps[0]?.step, undefined]);
  });

  it('takes a step that another cache knew unless it has it, and mounts its layer from where that is', async () => {
    await filled();
    const copy = (step: (typeof steps)[0]) => ({ ...step, isCopy: true as const });
    const known = open({ complete: 'true' });
    assert.equal(known.isComplete, true);
    for (const step of steps) assert.equal(await known.save(copy(step), signal), 'stored');
    await known.close();
    assert.deepEqual(
      strict.seen.map(({ method }) => method),
      ['GET'],
    );
    const from = ref.slice(ref.indexOf('/') + 1);
    const fresh = createRegistryClient({ retries: 0 });
    const other = new RegistryCache(fresh, parseOptions({ ref: `${strict.host}/other/${from}` }), noWarning);
    assert.deepEqual(other.repository, { registry: strict.host, name: `other/${from}` });
    const unread = (): never => assert.fail('the layer is read');
    const step = steps[3] as (typeof steps)[0];
    assert.equal(await other.save({ ...copy(step), blob: unread, knownIn: () => from }, signal), 'stored');
    assert.deepEqual(await other.findMany([step.key], signal), [step.step]);
    await fresh.close();
  });

  it('writes nothing with mode=ro', async () => {
    const cache = open({ mode: 'ro' });
    assert.equal(await cache.save(steps[0] as (typeof steps)[0], signal), 'declined');
    await cache.close();
    assert.deepEqual(
      strict.seen
        .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
        .filter(({ url }) => url.includes(ref.slice(ref.indexOf('/') + 1))),
      [],
    );
  });

  it('uploads a blob once', async () => {
    await filled();
    const cache = open();
    await cache.save(steps[0] as (typeof steps)[0], signal);
    await cache.close();
    assert.deepEqual(
      strict.seen.filter(({ method }) => method === 'POST' || method === 'PATCH'),
      [],
    );
  });

  it('leaves off a layer that the registry has lost', async () => {
    await filled();
    const step = steps[3] as (typeof steps)[0];
    const descriptor = step.step.layer?.descriptor;
    assert.ok(descriptor);
    strict.state.repositories.get(ref.slice(ref.indexOf('/') + 1))?.blobs.delete(descriptor.digest);
    assert.equal(await open().open(descriptor, signal), undefined);
  });
});

describe('registry cache that may not be written to', () => {
  let guarded: MemoryRegistry;
  before(async () => {
    guarded = await startRegistry();
  });
  after(() => guarded.close());

  it('warns once and is read from then on', async () => {
    const failing: RegistryClient = {
      ...client,
      manifest: client.manifest.bind(client),
      pushBlob: () => Promise.reject(Object.assign(new Error('denied'), { code: 'E_DENIED' })),
    };
    const warnings: string[] = [];
    const cache = new RegistryCache(failing, parseOptions({ ref: `${guarded.host}/c` }), code => warnings.push(code));
    assert.equal(await cache.save(madeStep('a'), signal), 'declined');
    assert.equal(await cache.save(madeStep('b'), signal), 'declined');
    assert.deepEqual(await cache.findMany([madeStep('a').key], signal), [undefined]);
    await cache.close();
    assert.deepEqual(warnings, ['W_CACHE_READ_ONLY']);
  });

  it('throws where it cannot be reached', async () => {
    const gone = await startRegistry();
    await gone.close();
    const cache = new RegistryCache(client, parseOptions({ ref: `${gone.host}/c` }), noWarning);
    await assert.rejects(cache.findMany([madeStep('a').key], signal), { code: 'E_REGISTRY_UNREACHABLE' });
  });
});

describe('options of the registry cache', () => {
  it('are read', () => {
    assert.deepEqual(parseOptions({ ref: 'ghcr.io/me/cache' }), {
      repository: { registry: 'ghcr.io', repository: 'me/cache' },
      scope: 'varve',
      mode: 'rw',
      complete: false,
    });
    assert.equal(parseOptions({ ref: 'a', complete: 'true' }).complete, true);
    assert.deepEqual(parseOptions({ ref: 'ghcr.io/me/cache:main', mode: 'ro', ttl: '1d12h' }), {
      repository: { registry: 'ghcr.io', repository: 'me/cache' },
      scope: 'main',
      mode: 'ro',
      complete: false,
      ttl: 129_600_000,
    });
  });

  it('are refused with all their problems', () => {
    const cases: readonly (readonly [Record<string, string>, readonly RegExp[]])[] = [
      [{}, [/^ref: it is missing/]],
      [{ ref: 'Bad/Name', mode: 'x', ttl: 'soon', size: '1' }, [/^size/, /^ref/, /^mode/, /^ttl/]],
      [{ ref: `a@sha256:${'0'.repeat(64)}` }, [/digest/]],
      [{ ref: `a:${'x'.repeat(64)}` }, [/more than 63/]],
      [{ ref: 'a', ttl: '0s' }, [/^ttl/]],
      [{ ref: 'a', complete: 'yes' }, [/^complete/]],
      [{ ref: 'a', complete: 'true', mode: 'ro' }, [/^complete: nothing is written/]],
    ];
    for (const [raw, patterns] of cases)
      assert.throws(
        () => parseOptions(raw),
        (error: { code: string; data: { problems: string[] } }) => {
          assert.equal(error.code, 'E_PLUGIN_OPTIONS');
          assert.equal(error.data.problems.length, patterns.length);
          for (const [at, pattern] of patterns.entries()) assert.match(error.data.problems[at] ?? '', pattern);
          return true;
        },
      );
  });
});

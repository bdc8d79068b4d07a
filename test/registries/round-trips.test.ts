import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type MemoryRegistry, noise, sampleImage, startRegistry as startMemoryRegistry } from '@varve/oci/testing';
import { stepsThatRan } from '../rig/build-events.js';
import { basicAuth, makeHome } from '../rig/client-home.js';
import { need } from '../rig/need.js';
import { pushImage } from '../rig/oci-services.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux');
const account = { username: 'me', password: 'pass-Rt72kd' };

/** With what a registry asks for first: nothing; a password, by a 401; a token, by a 401 and from its service. */
const kinds = [
  { kind: 'no authentication', options: {}, rounds: 1 },
  { kind: 'a password', options: { auth: { kind: 'basic', ...account } }, rounds: 2 },
  { kind: 'a bearer token', options: { auth: { kind: 'bearer', ...account } }, rounds: 3 },
] as const;

for (const { kind, options, rounds } of kinds)
  describe(`requests to registries with ${kind}`, { skip }, () => {
    let bench: Workbench;
    let bases: MemoryRegistry;
    let cache: MemoryRegistry;
    let target: MemoryRegistry;
    let varve: Varve;

    before(async () => {
      bench = openWorkbench('round-trips');
      bases = await startMemoryRegistry(options);
      cache = await startMemoryRegistry(options);
      target = await startMemoryRegistry(options);
      for (const { close } of [bases, cache, target]) bench.onClose(close);
      const credentials = { lookup: () => Promise.resolve(account) };
      const image = await sampleImage({ layers: [{ one: noise(50_000, 'one') }, { two: noise(50_000, 'two') }] });
      await pushImage(`${bases.host}/base:1`, image, { credentials });
      mkdirSync(bench.path('context'));
      for (const name of ['a', 'b', 'c', 'd']) writeFileSync(bench.path(`context/${name}`), noise(20_000, name));
      const text = [
        `FROM ${bases.host}/base:1 AS one`,
        'COPY a /',
        'COPY b /',
        `FROM ${bases.host}/base:1`,
        'COPY c /',
        'COPY --from=one /a /b /from-one/',
        'COPY d /',
      ];
      writeFileSync(bench.path('Dockerfile'), `${text.join('\n')}\n`);
      varve = varveWith(bench.path('store'));
      const first = await build(['--push']);
      assert.equal(first.code, 0, transcript(first));
      assert.ok(target.seen.some(({ method }) => method === 'PUT'));
    });
    after(() => bench?.close());

    function build(flags: readonly string[] = []): Promise<VarveOutcome> {
      const home = makeHome(bench.path('home'));
      const auth = basicAuth(account.username, account.password);
      home.logIn(Object.fromEntries([bases, cache, target].map(({ host }) => [host, auth])));
      for (const registry of [bases, cache, target]) registry.seen.length = 0;
      const caches = ['--cache', 'lmdb', '--cache', `registry,ref=${cache.host}/cache`];
      const rest = ['-f', bench.path('Dockerfile'), '-t', `${target.host}/app:1`, '--progress', 'json', ...caches];
      return varve(['build', bench.path('context'), ...rest, ...flags], {
        env: { ...home.env, SOURCE_DATE_EPOCH: '1700000000' },
      });
    }

    function told({ seen }: MemoryRegistry): string[] {
      return seen.map(({ method, url }) => `${method} ${url}`);
    }

    test('an unchanged build makes at most 3 requests to a registry, authentication included', async () => {
      const outcome = await build(['-o', `type=oci,dest=${bench.path('layout')}`]);
      assert.equal(outcome.code, 0, transcript(outcome));
      assert.deepEqual(stepsThatRan(outcome), []);
      assert.equal(bases.seen.length, rounds, told(bases).join('\n'));
      assert.deepEqual([...told(cache), ...told(target)], []);
    });

    test('a push of an image whose blobs are there uploads nothing, under a new name too', async () => {
      for (const name of ['app:1', 'app:2']) {
        const outcome = await build(['--push', '-t', `${target.host}/${name}`]);
        assert.equal(outcome.code, 0, transcript(outcome));
        assert.deepEqual(
          told(target).filter(line => line.startsWith('POST /v2/') || line.startsWith('PATCH')),
          [],
        );
        assert.deepEqual(
          told(target).filter(line => line.startsWith('PUT') && !line.includes('/manifests/')),
          [],
        );
      }
    });

    test('on a fresh machine, the registry cache answers for all steps at once, and nothing is uploaded', async () => {
      rmSync(bench.path('store'), { recursive: true });
      const outcome = await build(['--push']);
      assert.deepEqual(stepsThatRan(outcome), []);
      assert.equal(cache.seen.length, rounds, told(cache).join('\n'));
      assert.deepEqual(
        told(target).filter(line => line.startsWith('POST /v2/')),
        [],
      );
    });

    test('of layers that a cache has in the same registry none is moved: the push mounts them', async () => {
      rmSync(bench.path('store'), { recursive: true });
      const outcome = await build(['--push', '-t', `${cache.host}/mounted:1`]);
      assert.deepEqual(stepsThatRan(outcome), []);
      const mounts = told(cache).filter(line => line.includes('from=cache'));
      assert.equal(mounts.length, 3, told(cache).join('\n'));
      assert.deepEqual(
        told(cache).filter(line => line.startsWith('GET /v2/cache/blobs/')),
        [],
      );
    });
  });

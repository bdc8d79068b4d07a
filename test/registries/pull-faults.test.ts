import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { mediaTypes } from '@varve/oci';
import type { Fault } from '@varve/oci/testing';
import { wrongInStore } from '../rig/blob-check.js';
import { makeHome } from '../rig/client-home.js';
import { need } from '../rig/need.js';
import { certificates, pushImage, startProxy, startStrictRegistry } from '../rig/oci-services.js';
import { assertOneError, type ExpectedError } from './fault-case.js';
import { baseImage, configPasses, layerRequest, manifestRequest, openPullWorld, type PullWorld } from './pull-world.js';

const skip = need('linux', 'registry', 'openssl');
const always = Number.POSITIVE_INFINITY;

interface PullCase {
  readonly name: string;
  /** What happens to requests for the config and the layer are told apart by when they come: the config is asked for first. */
  readonly faults: readonly Fault[];
  /** Absent: the build recovers. */
  readonly error?: ExpectedError;
  /** How often the faults strike at least; default once. */
  readonly strikes?: number;
  /** Milliseconds that it takes at least. */
  readonly takes?: number;
}

const cases: readonly PullCase[] = [
  { name: 'a reset at 50 %', faults: [configPasses, { kind: 'reset', at: 0.5, path: layerRequest }] },
  { name: 'a reset of the manifest', faults: [{ kind: 'reset', at: 0.5, path: manifestRequest }] },
  { name: 'a truncated layer', faults: [configPasses, { kind: 'truncate', at: 0.5, path: layerRequest }] },
  {
    name: 'a layer that is truncated every time',
    faults: [configPasses, { kind: 'truncate', at: 0, path: layerRequest, times: always }],
    error: { code: 'E_SIZE_MISMATCH', message: /layer|blob/, hint: /again/ },
    strikes: 6,
  },
  {
    name: 'wrong bytes in the layer',
    faults: [configPasses, { kind: 'corrupt', path: layerRequest }],
    error: { code: 'E_DIGEST_MISMATCH', message: /blob sha256:/, hint: /again/ },
  },
  {
    name: 'wrong bytes in the config',
    faults: [{ kind: 'corrupt', path: layerRequest }],
    error: { code: 'E_DIGEST_MISMATCH', message: /sha256:/, hint: /again/ },
  },
  {
    name: 'wrong bytes in the manifest',
    faults: [{ kind: 'corrupt', path: manifestRequest }],
    error: { code: 'E_DIGEST_MISMATCH', message: /manifest/, hint: /again/ },
  },
  {
    name: '429 with Retry-After, for manifest and layer',
    faults: [
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, path: manifestRequest },
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, path: layerRequest },
    ],
    strikes: 2,
    takes: 2000,
  },
  {
    name: '429 that asks for an hour',
    faults: [{ kind: 'status', status: 429, headers: { 'retry-after': '3600' }, path: manifestRequest, times: always }],
    error: { code: 'E_RATE_LIMITED', message: /too many requests/, hint: /wait/ },
  },
  {
    name: '500 three times, for manifest and layer',
    faults: [
      { kind: 'status', status: 500, times: 3, path: manifestRequest },
      { kind: 'status', status: 500, times: 3, path: layerRequest },
    ],
    strikes: 6,
  },
  {
    name: '500 every time',
    faults: [{ kind: 'status', status: 500, times: always, path: manifestRequest }],
    error: { code: 'E_REGISTRY_STATUS', message: /500/, hint: /again/ },
    strikes: 6,
  },
  {
    name: 'a manifest of 5 MB',
    faults: [{ kind: 'huge', bytes: 5_000_000, contentType: mediaTypes.ociManifest, path: manifestRequest }],
    error: { code: 'E_MANIFEST_TOO_LARGE', message: /4 MiB/, hint: /manifest/ },
  },
  {
    name: 'a manifest that is a web page',
    faults: [{ kind: 'huge', bytes: 500, contentType: 'text/html', path: manifestRequest }],
    error: { code: 'E_BAD_MANIFEST', message: /manifest/, hint: /registry/ },
  },
];

describe('a base behind a registry that misbehaves', { skip, concurrency: 6 }, () => {
  let world: PullWorld;

  before(async () => {
    world = await openPullWorld('pull-faults');
  });
  after(() => world?.bench.close());

  for (const { name, faults, error, strikes = 1, takes = 0 } of cases)
    test(`${name}: ${error === undefined ? 'the build recovers' : error.code}`, async () => {
      const proxy = await startProxy(world.bench, world.registry.host, faults);
      const built = await world.build(name, proxy.host);
      assert.ok(proxy.struck() >= strikes + (faults.includes(configPasses) ? 1 : 0), `struck ${proxy.struck()} times`);
      assert.ok(built.outcome.milliseconds >= takes, `it took ${built.outcome.milliseconds} ms`);
      if (error === undefined) return world.assertGood(built);
      assertOneError(built.outcome, error, proxy.host);
      assert.ok(!existsSync(built.output), 'an output was written');
      assert.deepEqual(wrongInStore(built.varve.store), []);
      world.assertGood(await world.build(name, world.registry.host));
    });

  test('an unknown authority: E_REGISTRY_TLS', async () => {
    const made = await certificates();
    const proxy = await startProxy(world.bench, world.registry.host, [], made);
    const home = makeHome(world.bench.path('unknown-authority-home'));
    home.trust(proxy.host, { 'ca.crt': (await certificates()).ca });
    const { outcome } = await world.build('unknown authority', proxy.host, home.env);
    assertOneError(
      outcome,
      { code: 'E_REGISTRY_TLS', message: /certificate is not trusted/, hint: /ca\.crt/ },
      proxy.host,
    );
    home.trust(proxy.host, { 'ca.crt': made.ca });
    world.assertGood(await world.build('unknown authority', proxy.host, home.env));
  });

  test('a name that DNS does not know: E_REGISTRY_UNREACHABLE', async () => {
    const host = 'registry.invalid';
    const { outcome } = await world.build('no name', host);
    assertOneError(outcome, { code: 'E_REGISTRY_UNREACHABLE', message: /DNS/, hint: /check the name/ }, host);
  });

  test('a port where nobody listens: E_REGISTRY_UNREACHABLE', async () => {
    const proxy = await startProxy(world.bench, world.registry.host);
    await proxy.close();
    const { outcome } = await world.build('no listener', proxy.host);
    assertOneError(outcome, { code: 'E_REGISTRY_UNREACHABLE', message: /refuses/, hint: /check the name/ }, proxy.host);
  });

  test('a redirect to another host is followed, and the credentials stay', async () => {
    const account = { username: 'someone', password: 'pass-Kq83hdZ' };
    const strict = await startStrictRegistry(world.bench, { auth: account });
    await pushImage(`${strict.host}/base:1`, await baseImage(), {
      credentials: { lookup: () => Promise.resolve(account) },
    });
    const elsewhere = await startProxy(world.bench, world.registry.host);
    const origin = `http://${elsewhere.host}`;
    const redirect: Fault = { kind: 'redirect', origin, path: layerRequest, times: 2 };
    const asked: Fault = { kind: 'before', run: () => undefined, path: manifestRequest, times: 1 };
    const proxy = await startProxy(world.bench, strict.host, [asked, redirect]);
    const home = makeHome(world.bench.path('redirect-home'));
    const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
    home.logIn({ [proxy.host]: { auth }, [elsewhere.host]: { auth: Buffer.from('other:other').toString('base64') } });
    world.assertGood(await world.build('redirect', proxy.host, home.env));
    assert.equal(elsewhere.seen.length, 2);
    assert.deepEqual(
      elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined),
      [],
    );
    assert.ok(proxy.seen.some(({ headers }) => headers.authorization === `Basic ${auth}`));
  });

  test('the layout of a good build is read by others', () => {
    const index = JSON.parse(readFileSync(world.bench.path('clean/layout/index.json'), 'utf8'));
    assert.equal(index.manifests[0].digest, world.expected);
  });
});

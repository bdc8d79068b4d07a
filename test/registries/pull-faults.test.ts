import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { mediaTypes } from '@varve/oci';
import { type DockerRegistry, type Fault, noise, sampleImage, type TestCertificates } from '@varve/oci/testing';
import { wrongInStore } from '../rig/blob-check.js';
import { makeHome } from '../rig/client-home.js';
import { need } from '../rig/need.js';
import { certificates, pushImage, startProxy, startStrictRegistry } from '../rig/oci-services.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { assertOneError, type ExpectedError } from './fault-case.js';

const skip = need('linux', 'registry', 'openssl');
const always = Number.POSITIVE_INFINITY;
const layer = /blobs\/sha256:/;
const manifest = /manifests\//;

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

/** The request for the config passes, that for the layer does not. */
const config: Fault = { kind: 'before', run: () => undefined, path: layer };

const cases: readonly PullCase[] = [
  { name: 'a body that comes byte by byte', faults: [config, { kind: 'slow', everyMs: 20, path: layer }] },
  { name: 'headers that never come', faults: [{ kind: 'stall', after: 'request', path: manifest }] },
  { name: 'a body that never comes', faults: [config, { kind: 'stall', after: 'headers', path: layer }] },
  { name: 'a reset at 50 %', faults: [config, { kind: 'reset', at: 0.5, path: layer }] },
  { name: 'a reset of the manifest', faults: [{ kind: 'reset', at: 0.5, path: manifest }] },
  { name: 'a truncated layer', faults: [config, { kind: 'truncate', at: 0.5, path: layer }] },
  {
    name: 'a layer that is truncated every time',
    faults: [config, { kind: 'truncate', at: 0, path: layer, times: always }],
    error: { code: 'E_SIZE_MISMATCH', message: /layer|blob/, hint: /again/ },
    strikes: 6,
  },
  {
    name: 'wrong bytes in the layer',
    faults: [config, { kind: 'corrupt', path: layer }],
    error: { code: 'E_DIGEST_MISMATCH', message: /blob sha256:/, hint: /again/ },
  },
  {
    name: 'wrong bytes in the config',
    faults: [{ kind: 'corrupt', path: layer }],
    error: { code: 'E_DIGEST_MISMATCH', message: /sha256:/, hint: /again/ },
  },
  {
    name: 'wrong bytes in the manifest',
    faults: [{ kind: 'corrupt', path: manifest }],
    error: { code: 'E_DIGEST_MISMATCH', message: /manifest/, hint: /again/ },
  },
  {
    name: '429 with Retry-After, for manifest and layer',
    faults: [
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, path: manifest },
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, path: layer },
    ],
    strikes: 2,
    takes: 2000,
  },
  {
    name: '429 that asks for an hour',
    faults: [{ kind: 'status', status: 429, headers: { 'retry-after': '3600' }, path: manifest, times: always }],
    error: { code: 'E_RATE_LIMITED', message: /too many requests/, hint: /wait/ },
  },
  {
    name: '500 three times, for manifest and layer',
    faults: [
      { kind: 'status', status: 500, times: 3, path: manifest },
      { kind: 'status', status: 500, times: 3, path: layer },
    ],
    strikes: 6,
  },
  {
    name: '500 every time',
    faults: [{ kind: 'status', status: 500, times: always, path: manifest }],
    error: { code: 'E_REGISTRY_STATUS', message: /500/, hint: /again/ },
    strikes: 6,
  },
  {
    name: 'a manifest of 5 MB',
    faults: [{ kind: 'huge', bytes: 5_000_000, contentType: mediaTypes.ociManifest, path: manifest }],
    error: { code: 'E_MANIFEST_TOO_LARGE', message: /4 MiB/, hint: /manifest/ },
  },
  {
    name: 'a manifest that is a web page',
    faults: [{ kind: 'huge', bytes: 500, contentType: 'text/html', path: manifest }],
    error: { code: 'E_BAD_MANIFEST', message: /manifest/, hint: /registry/ },
  },
];

describe('a base behind a registry that misbehaves', { skip, concurrency: 6 }, () => {
  let bench: Workbench;
  let registry: DockerRegistry;
  let made: TestCertificates;
  let expected: string;

  before(async () => {
    bench = openWorkbench('pull-faults');
    registry = await startStrictRegistry(bench);
    made = await certificates();
    await pushImage(
      `${registry.host}/base:1`,
      await sampleImage({ layers: [{ 'noise.bin': noise(2_000_000, 'pull faults') }] }),
    );
    mkdirSync(bench.path('context'));
    writeFileSync(bench.path('context/hello.txt'), 'hello\n');
    const clean = await build('clean', registry.host);
    assert.equal(clean.outcome.code, 0, transcript(clean.outcome));
    expected = clean.outcome.stdout.trim();
  });
  after(() => bench?.close());

  interface Built {
    readonly outcome: VarveOutcome;
    readonly varve: Varve;
    readonly output: string;
  }

  async function build(name: string, host: string, env: NodeJS.ProcessEnv = {}): Promise<Built> {
    const folder = bench.path(name.replaceAll(/\W+/g, '-'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/Dockerfile`, `FROM ${host}/base:1\nCOPY hello.txt /\n`);
    const varve = varveWith(`${folder}/store`);
    const output = `${folder}/layout`;
    const flags = ['-f', `${folder}/Dockerfile`, '-o', `type=oci,dest=${output}`, '--progress', 'json'];
    const outcome = await varve(['build', bench.path('context'), ...flags], {
      env: { SOURCE_DATE_EPOCH: '1700000000', ...env },
    });
    return { outcome, varve, output };
  }

  function assertGood({ outcome, output, varve }: Built): void {
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.equal(outcome.stdout.trim(), expected);
    assert.deepEqual([...wrongInStore(output), ...wrongInStore(varve.store)], []);
  }

  for (const { name, faults, error, strikes = 1, takes = 0 } of cases)
    test(`${name}: ${error === undefined ? 'the build recovers' : error.code}`, { timeout: 170_000 }, async () => {
      const proxy = await startProxy(bench, registry.host, faults);
      const built = await build(name, proxy.host);
      assert.ok(proxy.struck() >= strikes + (faults.includes(config) ? 1 : 0), `struck ${proxy.struck()} times`);
      assert.ok(built.outcome.milliseconds >= takes, `it took ${built.outcome.milliseconds} ms`);
      if (error === undefined) return assertGood(built);
      assertOneError(built.outcome, error, proxy.host);
      assert.ok(!existsSync(built.output), 'an output was written');
      assert.deepEqual(wrongInStore(built.varve.store), []);
      assertGood(await build(name, registry.host));
    });

  test('an unknown authority: E_REGISTRY_TLS', async () => {
    const proxy = await startProxy(bench, registry.host, [], made);
    const home = makeHome(bench.path('unknown-authority-home'));
    home.trust(proxy.host, { 'ca.crt': (await certificates()).ca });
    const { outcome } = await build('unknown authority', proxy.host, home.env);
    assertOneError(
      outcome,
      { code: 'E_REGISTRY_TLS', message: /certificate is not trusted/, hint: /ca\.crt/ },
      proxy.host,
    );
    home.trust(proxy.host, { 'ca.crt': made.ca });
    assertGood(await build('unknown authority', proxy.host, home.env));
  });

  test('a name that DNS does not know: E_REGISTRY_UNREACHABLE', async () => {
    const host = 'registry.invalid';
    const { outcome } = await build('no name', host);
    assertOneError(outcome, { code: 'E_REGISTRY_UNREACHABLE', message: /DNS/, hint: /check the name/ }, host);
  });

  test('a port where nobody listens: E_REGISTRY_UNREACHABLE', async () => {
    const proxy = await startProxy(bench, registry.host);
    await proxy.close();
    const { outcome } = await build('no listener', proxy.host);
    assertOneError(outcome, { code: 'E_REGISTRY_UNREACHABLE', message: /refuses/, hint: /check the name/ }, proxy.host);
  });

  test('a redirect to another host is followed, and the credentials stay', async () => {
    const account = { username: 'someone', password: 'pass-Kq83hdZ' };
    const strict = await startStrictRegistry(bench, { auth: account });
    await pushImage(
      `${strict.host}/base:1`,
      await sampleImage({ layers: [{ 'noise.bin': noise(2_000_000, 'pull faults') }] }),
      { credentials: { lookup: () => Promise.resolve(account) } },
    );
    const elsewhere = await startProxy(bench, registry.host);
    const origin = `http://${elsewhere.host}`;
    const redirect: Fault = { kind: 'redirect', origin, path: layer, times: 2 };
    const asked: Fault = { kind: 'before', run: () => undefined, path: manifest, times: 1 };
    const proxy = await startProxy(bench, strict.host, [asked, redirect]);
    const home = makeHome(bench.path('redirect-home'));
    const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
    home.logIn({ [proxy.host]: { auth }, [elsewhere.host]: { auth: Buffer.from('other:other').toString('base64') } });
    assertGood(await build('redirect', proxy.host, home.env));
    assert.equal(elsewhere.seen.length, 2);
    assert.deepEqual(
      elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined),
      [],
    );
    assert.ok(proxy.seen.some(({ headers }) => headers.authorization === `Basic ${auth}`));
  });

  test('the layout of a good build is read by others', () => {
    const index = JSON.parse(readFileSync(bench.path('clean/layout/index.json'), 'utf8'));
    assert.equal(index.manifests[0].digest, expected);
  });
});

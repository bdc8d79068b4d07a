import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DockerRegistry,
  type Fault,
  noise,
  startTokenService,
  type TestCertificates,
  type TokenService,
} from '@varve/oci/testing';
import { wrongInRegistry, wrongInStore } from '../rig/blob-check.js';
import { basicAuth, makeHome } from '../rig/client-home.js';
import { need } from '../rig/need.js';
import { certificates, pulledDigest, startProxy, startStrictRegistry } from '../rig/oci-services.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { assertOneError, type ExpectedError } from './fault-case.js';

const skip = need('linux', 'registry', 'openssl', 'htpasswd');
const always = Number.POSITIVE_INFINITY;
const upload = /blobs\/uploads\//;
const manifest = /manifests\//;
const account = { username: 'pusher', password: 'pass-Wd93kQz' };
const logIn = { credentials: { lookup: () => Promise.resolve(account) } };

interface PushCase {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** Absent: the push recovers. */
  readonly error?: ExpectedError;
  /** How often the faults strike at least; default once. */
  readonly strikes?: number;
  /** Milliseconds that it takes at least. */
  readonly takes?: number;
}

const cases: readonly PushCase[] = [
  { name: 'a host that does not answer', faults: [{ kind: 'stall', after: 'request', method: 'HEAD' }] },
  { name: 'a reset at 50 % of an upload', faults: [{ kind: 'resetUpload', at: 0.5, method: 'PUT', path: upload }] },
  { name: 'a lost answer to an upload', faults: [{ kind: 'lostAnswer', method: 'PUT', path: upload }] },
  { name: 'a lost answer to the manifest', faults: [{ kind: 'lostAnswer', method: 'PUT', path: manifest }] },
  {
    name: 'an upload that is damaged on its way',
    faults: [{ kind: 'corruptUpload', method: 'PUT', path: upload }],
    error: { code: 'E_DIGEST_MISMATCH', message: /other bytes.*upload of blob sha256:.*DIGEST_INVALID/, hint: /again/ },
  },
  {
    name: 'a manifest that is damaged on its way',
    faults: [{ kind: 'corruptUpload', method: 'PUT', path: manifest }],
    error: { code: 'E_REGISTRY_STATUS', message: /manifest.*MANIFEST_/, hint: /registry/ },
  },
  {
    name: '429 with Retry-After',
    faults: [
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, method: 'POST' },
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, method: 'PUT', path: manifest },
    ],
    strikes: 2,
    takes: 2000,
  },
  {
    name: '500 three times, for each kind of request',
    faults: [
      { kind: 'status', status: 500, times: 3, method: 'HEAD' },
      { kind: 'status', status: 500, times: 3, method: 'PUT', path: upload },
      { kind: 'status', status: 500, times: 3, method: 'PUT', path: manifest },
    ],
    strikes: 9,
  },
  {
    name: '500 every time, for the manifest',
    faults: [{ kind: 'status', status: 500, times: always, method: 'PUT', path: manifest }],
    error: { code: 'E_REGISTRY_STATUS', message: /500 for manifest/, hint: /later/ },
    strikes: 6,
  },
  { name: 'a host that takes only pieces', faults: [{ kind: 'status', status: 413, method: 'PUT', path: upload }] },
  {
    name: 'a host that forbids',
    faults: [{ kind: 'status', status: 403, times: always, method: 'POST' }],
    error: { code: 'E_DENIED', message: /denies access to the upload/, hint: /account/ },
  },
];

describe('a push to a registry that misbehaves', { skip, concurrency: 6 }, () => {
  let bench: Workbench;
  let registry: DockerRegistry;
  let made: TestCertificates;
  let expected: string;

  before(async () => {
    bench = openWorkbench('push-faults');
    registry = await startStrictRegistry(bench);
    made = await certificates();
    mkdirSync(bench.path('context'));
    writeFileSync(bench.path('context/noise.bin'), noise(2_000_000, 'push faults'));
    writeFileSync(bench.path('context/Dockerfile'), 'FROM scratch\nCOPY noise.bin /\n');
    const clean = await push('clean', `${registry.host}/clean`);
    assert.equal(clean.outcome.code, 0, transcript(clean.outcome));
    expected = clean.outcome.stdout.trim();
  });
  after(() => bench?.close());

  interface Pushed {
    readonly outcome: VarveOutcome;
    readonly varve: Varve;
  }

  async function push(name: string, image: string, env: NodeJS.ProcessEnv = {}): Promise<Pushed> {
    const varve = varveWith(bench.path(`store-${name.replaceAll(/\W+/g, '-')}`));
    const flags = ['-t', `${image}:1`, '--push', '--progress', 'json'];
    const outcome = await varve(['build', bench.path('context'), ...flags], {
      env: { SOURCE_DATE_EPOCH: '1700000000', ...env },
    });
    return { outcome, varve };
  }

  async function assertPushed({ outcome, varve }: Pushed, image: string, options = {}): Promise<void> {
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.equal(outcome.stdout.trim(), expected);
    assert.equal(await pulledDigest(`${image}:1`, options), expected);
    assert.deepEqual(wrongInStore(varve.store), []);
  }

  test('a host that takes no bytes: the push recovers', { timeout: 170_000 }, async () => {
    // More than the buffers of two sockets hold.
    const context = bench.path('large');
    mkdirSync(context);
    writeFileSync(`${context}/noise.bin`, noise(16_000_000, 'deaf'));
    writeFileSync(`${context}/Dockerfile`, 'FROM scratch\nCOPY noise.bin /\n');
    const proxy = await startProxy(bench, registry.host, [{ kind: 'deaf', method: 'PUT', path: upload, times: 2 }]);
    const outcome = await varveWith(bench.path('store-deaf'))([
      'build',
      context,
      '-t',
      `${proxy.host}/deaf:1`,
      '--push',
    ]);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.equal(proxy.struck(), 2);
    assert.equal(await pulledDigest(`${registry.host}/deaf:1`), outcome.stdout.trim());
  });

  for (const [index, { name, faults, error, strikes = 1, takes = 0 }] of cases.entries())
    test(`${name}: ${error === undefined ? 'the push recovers' : error.code}`, { timeout: 170_000 }, async () => {
      const proxy = await startProxy(bench, registry.host, faults);
      const repository = `case-${index}`;
      const pushed = await push(name, `${proxy.host}/${repository}`);
      assert.ok(proxy.struck() >= strikes, `struck ${proxy.struck()} times`);
      assert.ok(pushed.outcome.milliseconds >= takes, `it took ${pushed.outcome.milliseconds} ms`);
      if (error === undefined) return assertPushed(pushed, `${registry.host}/${repository}`);
      assertOneError(pushed.outcome, error, proxy.host);
      assert.equal(await pulledDigest(`${registry.host}/${repository}:1`), undefined, 'the name was set all the same');
      assert.deepEqual(wrongInRegistry(registry.dir), []);
      const again = await push(name, `${registry.host}/${repository}`);
      await assertPushed(again, `${registry.host}/${repository}`);
    });

  test('a token that expires in the middle: a new one is fetched, and the push goes on', async () => {
    const seconds = 20;
    const tokens: TokenService = await startTokenService(made, { ...account, validSeconds: [seconds, 300] });
    bench.onClose(tokens.close);
    const strict = await startStrictRegistry(bench, { tokens });
    // The upload begins with a token that is good, and its bytes come when it is not any more.
    const proxy = await startProxy(bench, strict.host, [
      { kind: 'before', run: () => sleep((seconds + 2) * 1000), method: 'PUT', path: upload },
    ]);
    const home = makeHome(bench.path('token-home'));
    home.logIn({ [proxy.host]: basicAuth(account.username, account.password) });
    const pushed = await push('token', `${proxy.host}/tokens`, home.env);
    assert.equal(proxy.struck(), 1);
    assert.ok(tokens.given.length >= 2, `${tokens.given.length} tokens were given`);
    await assertPushed(pushed, `${strict.host}/tokens`, logIn);
    const used = proxy.seen.map(({ method, headers }) => (method === 'PUT' ? headers.authorization : undefined));
    assert.ok(new Set(used.filter(header => header !== undefined)).size >= 2);
  });

  test('an upload that is sent to another host: no credentials go along', async () => {
    const strict = await startStrictRegistry(bench, { auth: account });
    const elsewhere = await startProxy(bench, strict.host);
    const origin = `http://${elsewhere.host}`;
    for (const kind of ['relocate', 'redirect'] as const) {
      const proxy = await startProxy(bench, strict.host, [
        { kind: 'before', run: () => undefined, method: 'POST', times: kind === 'redirect' ? 1 : 0 },
        { kind, origin, method: 'POST', times: always },
      ]);
      const home = makeHome(bench.path(`elsewhere-${kind}`));
      home.logIn({
        [proxy.host]: basicAuth(account.username, account.password),
        [elsewhere.host]: basicAuth('other', 'other'),
      });
      const { outcome } = await push(`elsewhere-${kind}`, `${proxy.host}/${kind}`, home.env);
      const code = kind === 'relocate' ? 'E_UNAUTHORIZED' : 'E_REGISTRY_STATUS';
      assertOneError(
        outcome,
        { code, message: /upload/, hint: /./ },
        kind === 'relocate' ? elsewhere.host : proxy.host,
      );
      assert.equal(await pulledDigest(`${strict.host}/${kind}:1`, logIn), undefined);
    }
    assert.ok(elsewhere.seen.length > 0);
    const told = elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined);
    assert.deepEqual(told, []);
  });

  test('a wrong password: E_UNAUTHORIZED', async () => {
    const strict = await startStrictRegistry(bench, { auth: account });
    const home = makeHome(bench.path('wrong-home'));
    home.logIn({ [strict.host]: basicAuth(account.username, 'wrong-Pq7Zr') });
    const { outcome } = await push('wrong', `${strict.host}/wrong`, home.env);
    assertOneError(outcome, { code: 'E_UNAUTHORIZED', message: /refuses/, hint: /log in/ }, strict.host);
    assert.ok(!outcome.stderr.includes('wrong-Pq7Zr'));
  });

  test('an unknown authority: E_REGISTRY_TLS', async () => {
    const secure = await startStrictRegistry(bench, { tls: made });
    const home = makeHome(bench.path('unknown-authority'));
    home.trust(secure.host, { 'ca.crt': (await certificates()).ca });
    const { outcome } = await push('unknown authority', `${secure.host}/app`, home.env);
    assertOneError(outcome, { code: 'E_REGISTRY_TLS', message: /not trusted/, hint: /ca\.crt/ }, secure.host);
    home.trust(secure.host, { 'ca.crt': made.ca });
    const again = await push('unknown authority', `${secure.host}/app`, home.env);
    await assertPushed(again, `${secure.host}/app`, { certs: { [secure.host]: { ca: made.ca } } });
  });

  test('a name that DNS does not know: E_REGISTRY_UNREACHABLE, and what another output asked for stays out', async () => {
    const host = 'registry.invalid';
    const { outcome } = await push('no name', `${host}/app`);
    assertOneError(outcome, { code: 'E_REGISTRY_UNREACHABLE', message: /DNS/, hint: /check the name/ }, host);
  });
});

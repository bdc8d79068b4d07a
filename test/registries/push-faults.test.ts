import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, startTokenService, type TokenService } from '@varve/oci/testing';
import { wrongInRegistry } from '../rig/blob-check.js';
import { basicAuth, makeHome } from '../rig/client-home.js';
import { need } from '../rig/need.js';
import { certificates, pulledDigest, startProxy, startStrictRegistry } from '../rig/oci-services.js';
import { assertOneError, type ExpectedError } from './fault-case.js';
import { manifestRequest, openPushWorld, type PushWorld, uploadRequest } from './push-world.js';

const skip = need('linux', 'registry', 'openssl', 'htpasswd');
const always = Number.POSITIVE_INFINITY;
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
  {
    name: 'a reset at 50 % of an upload',
    faults: [{ kind: 'resetUpload', at: 0.5, method: 'PUT', path: uploadRequest }],
  },
  { name: 'a lost answer to an upload', faults: [{ kind: 'lostAnswer', method: 'PUT', path: uploadRequest }] },
  { name: 'a lost answer to the manifest', faults: [{ kind: 'lostAnswer', method: 'PUT', path: manifestRequest }] },
  {
    name: 'an upload that is damaged on its way, each time',
    faults: [{ kind: 'corruptUpload', times: always, method: 'PUT', path: uploadRequest }],
    error: { code: 'E_DIGEST_MISMATCH', message: /other bytes.*upload of blob sha256:.*DIGEST_INVALID/, hint: /again/ },
  },
  {
    name: 'a manifest that is damaged on its way',
    faults: [{ kind: 'corruptUpload', method: 'PUT', path: manifestRequest }],
    error: { code: 'E_REGISTRY_STATUS', message: /manifest.*MANIFEST_/, hint: /registry/ },
  },
  {
    name: '429 with Retry-After',
    faults: [
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, method: 'POST' },
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, method: 'PUT', path: manifestRequest },
    ],
    strikes: 2,
    takes: 2000,
  },
  {
    name: '500 three times, for each kind of request',
    faults: [
      { kind: 'status', status: 500, times: 3, method: 'HEAD' },
      { kind: 'status', status: 500, times: 3, method: 'PUT', path: uploadRequest },
      { kind: 'status', status: 500, times: 3, method: 'PUT', path: manifestRequest },
    ],
    strikes: 9,
  },
  {
    name: '500 every time, for the manifest',
    faults: [{ kind: 'status', status: 500, times: always, method: 'PUT', path: manifestRequest }],
    error: { code: 'E_REGISTRY_STATUS', message: /500 for manifest/, hint: /later/ },
    strikes: 6,
  },
  {
    name: 'a host that takes only pieces',
    faults: [{ kind: 'status', status: 413, method: 'PUT', path: uploadRequest }],
  },
  {
    name: 'a host that forbids',
    faults: [{ kind: 'status', status: 403, times: always, method: 'POST' }],
    error: { code: 'E_DENIED', message: /denies access to the upload/, hint: /account/ },
  },
];

describe('a push to a registry that misbehaves', { skip, concurrency: 6 }, () => {
  let world: PushWorld;

  before(async () => {
    world = await openPushWorld('push-faults');
  });
  after(() => world?.bench.close());

  for (const [index, { name, faults, error, strikes = 1, takes = 0 }] of cases.entries())
    test(`${name}: ${error === undefined ? 'the push recovers' : error.code}`, async () => {
      const proxy = await startProxy(world.bench, world.registry.host, faults);
      const repository = `case-${index}`;
      const pushed = await world.push(name, `${proxy.host}/${repository}`);
      assert.ok(proxy.struck() >= strikes, `struck ${proxy.struck()} times`);
      assert.ok(pushed.outcome.milliseconds >= takes, `it took ${pushed.outcome.milliseconds} ms`);
      if (error === undefined) return world.assertPushed(pushed, `${world.registry.host}/${repository}`);
      assertOneError(pushed.outcome, error, proxy.host);
      assert.equal(
        await pulledDigest(`${world.registry.host}/${repository}:1`),
        undefined,
        'the name was set all the same',
      );
      assert.deepEqual(wrongInRegistry(world.registry.dir), []);
      const again = await world.push(name, `${world.registry.host}/${repository}`);
      await world.assertPushed(again, `${world.registry.host}/${repository}`);
    });

  test('a token that expires in the middle: a new one is fetched, and the push goes on', async () => {
    const made = await certificates();
    const seconds = 20;
    const tokens: TokenService = await startTokenService(made, { ...account, validSeconds: [seconds, 300] });
    world.bench.onClose(tokens.close);
    const strict = await startStrictRegistry(world.bench, { tokens });
    // The upload begins with a token that is good, and its bytes come when it is not any more.
    const proxy = await startProxy(world.bench, strict.host, [
      { kind: 'before', run: () => sleep((seconds + 2) * 1000), method: 'PUT', path: uploadRequest },
    ]);
    const home = makeHome(world.bench.path('token-home'));
    home.logIn({ [proxy.host]: basicAuth(account.username, account.password) });
    const pushed = await world.push('token', `${proxy.host}/tokens`, home.env);
    assert.equal(proxy.struck(), 1);
    assert.ok(tokens.given.length >= 2, `${tokens.given.length} tokens were given`);
    await world.assertPushed(pushed, `${strict.host}/tokens`, logIn);
    const used = proxy.seen.map(({ method, headers }) => (method === 'PUT' ? headers.authorization : undefined));
    assert.ok(new Set(used.filter(header => header !== undefined)).size >= 2);
  });

  test('an upload that is sent to another host: no credentials go along', async () => {
    const strict = await startStrictRegistry(world.bench, { auth: account });
    const elsewhere = await startProxy(world.bench, strict.host);
    const origin = `http://${elsewhere.host}`;
    for (const kind of ['relocate', 'redirect'] as const) {
      const proxy = await startProxy(world.bench, strict.host, [
        { kind: 'before', run: () => undefined, method: 'POST', times: kind === 'redirect' ? 1 : 0 },
        { kind, origin, method: 'POST', times: always },
      ]);
      const home = makeHome(world.bench.path(`elsewhere-${kind}`));
      home.logIn({
        [proxy.host]: basicAuth(account.username, account.password),
        [elsewhere.host]: basicAuth('other', 'other'),
      });
      const { outcome } = await world.push(`elsewhere-${kind}`, `${proxy.host}/${kind}`, home.env);
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
    const strict = await startStrictRegistry(world.bench, { auth: account });
    const home = makeHome(world.bench.path('wrong-home'));
    home.logIn({ [strict.host]: basicAuth(account.username, 'wrong-Pq7Zr') });
    const { outcome } = await world.push('wrong', `${strict.host}/wrong`, home.env);
    assertOneError(outcome, { code: 'E_UNAUTHORIZED', message: /refuses/, hint: /log in/ }, strict.host);
    assert.ok(!outcome.stderr.includes('wrong-Pq7Zr'));
  });

  test('an unknown authority: E_REGISTRY_TLS', async () => {
    const made = await certificates();
    const secure = await startStrictRegistry(world.bench, { tls: made });
    const home = makeHome(world.bench.path('unknown-authority'));
    home.trust(secure.host, { 'ca.crt': (await certificates()).ca });
    const { outcome } = await world.push('unknown authority', `${secure.host}/app`, home.env);
    assertOneError(outcome, { code: 'E_REGISTRY_TLS', message: /not trusted/, hint: /ca\.crt/ }, secure.host);
    home.trust(secure.host, { 'ca.crt': made.ca });
    const again = await world.push('unknown authority', `${secure.host}/app`, home.env);
    await world.assertPushed(again, `${secure.host}/app`, { certs: { [secure.host]: { ca: made.ca } } });
  });

  test('a name that DNS does not know: E_REGISTRY_UNREACHABLE', async () => {
    const host = 'registry.invalid';
    const { outcome } = await world.push('no name', `${host}/app`);
    assertOneError(outcome, { code: 'E_REGISTRY_UNREACHABLE', message: /DNS/, hint: /check the name/ }, host);
  });
});

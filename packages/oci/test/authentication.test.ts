import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  type Credential,
  createRegistryClient,
  type Descriptor,
  digestOf,
  type LookupOptions,
  parseReference,
  type RegistryClientOptions,
  type RequestInfo,
  singleCredential,
} from '@varve/oci';
import {
  chunksOf,
  type DockerRegistry,
  type MemoryRegistry,
  noise,
  type RegistryOptions,
  sampleImage,
  startDockerRegistry,
  startFaultProxy,
  startRegistry,
} from '@varve/oci/testing';
import { gathered, pushSample } from './support.js';

const secret = 'pa55-w0rd/with:signs';
const account = { username: 'me', password: secret };
const bytes = noise(2_000_000, 'auth');
const blob: Descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength };
type After = { after(fn: () => Promise<void>): void };

async function setUp(t: After, options: RegistryOptions, credential?: Credential, more: RegistryClientOptions = {}) {
  const registry: MemoryRegistry = await startRegistry(options);
  const requests: RequestInfo[] = [];
  const client = createRegistryClient({
    retryDelay: 5,
    onRequest: info => requests.push(info),
    ...(credential === undefined ? {} : { credentials: singleCredential(registry.host, credential) }),
    ...more,
  });
  t.after(async () => {
    await client.close();
    await registry.close();
  });
  return { registry, client, requests, reference: parseReference(`${registry.host}/app:1`) };
}

describe('authentication', () => {
  it('by basic: asked once, then sent at once', async t => {
    const { client, reference, requests } = await setUp(t, { auth: { kind: 'basic', ...account } }, account);
    await pushSample(client, reference, await sampleImage());
    assert.equal(requests.filter(({ path }) => path.includes('/blobs/')).length, 2 * 3 + 1);
  });

  it('by bearer with a password: one token for a whole push', async t => {
    const { client, reference, requests } = await setUp(t, { auth: { kind: 'bearer', ...account } }, account);
    await pushSample(client, reference, await sampleImage());
    assert.equal(requests.filter(({ purpose }) => purpose === 'token').length, 1);
    requests.length = 0;
    await client.image(reference, { os: 'linux', architecture: 'amd64' });
    assert.deepEqual(
      requests.map(({ purpose }) => purpose),
      ['token', 'registry', 'registry'],
    );
  });

  it('by bearer with a refresh token', async t => {
    const auth = { kind: 'bearer', ...account, refreshToken: 'refresh-me' } as const;
    const { client, reference, registry } = await setUp(t, { auth }, { identityToken: 'refresh-me' });
    await pushSample(client, reference, await sampleImage());
    assert.equal(
      registry.seen.some(({ method, url }) => method === 'POST' && url === '/token'),
      true,
    );
  });

  it('by bearer without an account, for pulling only', async t => {
    const { client, reference, registry } = await setUp(t, {
      auth: { kind: 'bearer', ...account, anonymousPull: true },
    });
    registry.state.open('app').blobs.add(blob.digest);
    registry.state.blobs.set(blob.digest, Buffer.from(bytes));
    assert.deepEqual(await gathered(client.blob(reference, blob)), Buffer.from(bytes));
    await assert.rejects(pushSample(client, reference, await sampleImage()), {
      code: 'E_UNAUTHORIZED',
      message: /wants credentials for app, and there are none/,
      hint: /check the name.*log in to/,
    });
  });

  it('with the credential of a path', async t => {
    const lookups: string[] = [];
    const credentials = {
      lookup: async (name: string) => {
        lookups.push(name);
        return account;
      },
    };
    const { client, registry } = await setUp(t, { auth: { kind: 'basic', ...account } }, undefined, { credentials });
    await assert.rejects(client.tags(parseReference(`${registry.host}/team/app`)), { code: 'E_NAME_UNKNOWN' });
    assert.deepEqual(lookups, [`${registry.host}/team/app`]);
  });

  it('renews tokens that run out between requests', async t => {
    const { client, reference, registry } = await setUp(t, { auth: { kind: 'bearer', ...account } }, account);
    const image = await sampleImage();
    await pushSample(client, reference, image);
    registry.expireTokens();
    assert.equal((await client.resolve(reference)).digest, image.descriptor.digest);
    registry.expireTokens();
    await pushSample(client, { ...reference, tag: '2' }, await sampleImage({ layers: [{ b: 'b' }] }));
  });

  it('renews a token that runs out in the middle of an upload, and of a download', async t => {
    const { registry } = await setUp(t, { auth: { kind: 'bearer', ...account } });
    const expire = () => registry.expireTokens();
    const proxy = await startFaultProxy(registry.host, [
      { kind: 'before', run: expire, method: 'PUT', path: /uploads/ },
      { kind: 'before', run: expire, method: 'PUT', path: /manifests/ },
      { kind: 'reset', at: 0.5, method: 'GET', path: /blobs/ },
      { kind: 'before', run: expire, method: 'GET', path: /blobs/ },
    ]);
    const client = createRegistryClient({ credentials: singleCredential(proxy.host, account), retryDelay: 5 });
    t.after(async () => {
      await client.close();
      await proxy.close();
    });
    const reference = parseReference(`${proxy.host}/app:1`);
    assert.equal(await client.pushBlob(reference, blob, () => chunksOf(bytes)), 'uploaded');
    await pushSample(client, reference, await sampleImage());
    assert.deepEqual(await gathered(client.blob(reference, blob)), Buffer.from(bytes));
    assert.equal(proxy.struck(), 4);
  });

  it('looks a credential up again where it is refused, once: those of helpers expire', async t => {
    for (const kind of ['basic', 'bearer'] as const) {
      const auth = { kind, username: 'me', password: 'first' };
      const lookups: boolean[] = [];
      let kept = 'first';
      const credentials = {
        lookup: async (_: string, { anew = false }: LookupOptions = {}) => {
          lookups.push(anew);
          return { username: 'me', password: kept };
        },
      };
      const { registry } = await setUp(t, { auth });
      const proxy = await startFaultProxy(registry.host, [
        { kind: 'before', run: expire, method: 'PUT', path: /uploads/ },
      ]);
      function expire(): void {
        auth.password = kept = 'second';
        registry.expireTokens();
      }
      const client = createRegistryClient({ credentials, retryDelay: 5 });
      t.after(async () => {
        await client.close();
        await proxy.close();
      });
      const reference = parseReference(`${proxy.host}/app:1`);
      assert.equal(await client.pushBlob(reference, blob, () => chunksOf(bytes)), 'uploaded');
      assert.equal(proxy.struck(), 1);
      assert.deepEqual(lookups, [false, true], kind);
      await pushSample(client, reference, await sampleImage());
      assert.deepEqual(lookups, [false, true], kind);
      auth.password = 'third';
      registry.expireTokens();
      await assert.rejects(client.resolve(reference), { code: 'E_UNAUTHORIZED' });
      assert.deepEqual(lookups, [false, true, true], kind);
    }
  });

  it('ends where every credential that is found is refused', async t => {
    for (const kind of ['basic', 'bearer'] as const) {
      let count = 0;
      const credentials = { lookup: async () => ({ username: 'me', password: `wrong-${++count}` }) };
      const { client, reference } = await setUp(t, { auth: { kind, ...account } }, undefined, { credentials });
      await assert.rejects(client.resolve(reference), { code: 'E_UNAUTHORIZED' });
      assert.ok(count <= 2, `${count} lookups by ${kind}`);
    }
  });

  it('fetches one token for many requests at once', async t => {
    const { client, reference, requests } = await setUp(t, { auth: { kind: 'bearer', ...account } }, account);
    await client.pushBlob(reference, blob, () => chunksOf(bytes));
    requests.length = 0;
    await Promise.all(Array.from({ length: 10 }, () => client.hasBlob(reference, blob.digest)));
    assert.equal(requests.filter(({ purpose }) => purpose === 'token').length, 1);
  });

  it('does not follow a redirect to another host with credentials', async t => {
    const storage = await startRegistry();
    storage.state.open('app').blobs.add(blob.digest);
    storage.state.blobs.set(blob.digest, Buffer.from(bytes));
    for (const kind of ['basic', 'bearer'] as const) {
      const { registry } = await setUp(t, { auth: { kind, ...account } });
      const proxy = await startFaultProxy(registry.host, [
        { kind: 'status', status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
        { kind: 'redirect', origin: `http://${storage.host}`, path: /blobs/ },
      ]);
      const client = createRegistryClient({ credentials: singleCredential(proxy.host, account) });
      assert.deepEqual(await gathered(client.blob(parseReference(`${proxy.host}/app`), blob)), Buffer.from(bytes));
      assert.ok(proxy.seen.some(({ headers }) => headers.authorization !== undefined));
      await client.close();
      await proxy.close();
    }
    assert.equal(storage.seen.length, 2);
    assert.ok(storage.seen.every(({ headers }) => headers.authorization === undefined));
    await storage.close();
  });

  it('sends nothing to a token service without TLS on another machine', async t => {
    const { registry } = await setUp(t, {});
    const challenge = 'Bearer realm="http://tokens.example/token",service="x"';
    const proxy = await startFaultProxy(registry.host, [
      { kind: 'status', status: 401, headers: { 'www-authenticate': challenge } },
    ]);
    const requests: RequestInfo[] = [];
    const client = createRegistryClient({
      credentials: singleCredential(proxy.host, account),
      onRequest: info => requests.push(info),
    });
    await assert.rejects(client.hasBlob(parseReference(`${proxy.host}/app`), blob.digest), { code: 'E_UNAUTHORIZED' });
    assert.deepEqual(
      requests.map(({ host }) => host),
      [proxy.host],
    );
    await client.close();
    await proxy.close();
  });

  it('never shows a secret in an error, even where the server repeats it', async t => {
    const { registry } = await setUp(t, { auth: { kind: 'bearer', ...account } });
    const cases: readonly [Credential, RegistryOptions['auth']][] = [
      [
        { username: 'me', password: 'wr0ng-s3cret' },
        { kind: 'basic', ...account },
      ],
      [
        { username: 'me', password: 'wr0ng-s3cret' },
        { kind: 'bearer', ...account },
      ],
      [{ identityToken: 'wr0ng-s3cret' }, { kind: 'bearer', ...account }],
      [{ registryToken: 'wr0ng-s3cret' }, { kind: 'bearer', ...account }],
    ];
    for (const [credential, auth] of cases) {
      const { client, reference } = await setUp(t, auth === undefined ? {} : { auth }, credential);
      await assert.rejects(client.resolve(reference), error => {
        assert.equal((error as { code?: string }).code, 'E_UNAUTHORIZED');
        const pair = Buffer.from('me:wr0ng-s3cret').toString('base64');
        const shown = inspect(error, { depth: 20, showHidden: true });
        assert.ok(!shown.includes('wr0ng-s3cret') && !shown.includes(pair));
        return true;
      });
    }
    await registry.close();
  });
});

const protectedRegistry = await startDockerRegistry({ auth: account });
describe('docker-registry with htpasswd', {
  skip: 'missing' in protectedRegistry ? protectedRegistry.missing : false,
}, () => {
  it('takes the right credential and refuses others', async t => {
    const { host, close } = protectedRegistry as DockerRegistry;
    t.after(close);
    const reference = parseReference(`${host}/app:1`);
    const image = await sampleImage();
    const wrong = [undefined, { username: 'me', password: 'no' }] as const;
    for (const credential of wrong) {
      const options = credential === undefined ? {} : { credentials: singleCredential(host, credential) };
      const client = createRegistryClient(options);
      await assert.rejects(pushSample(client, reference, image), { code: 'E_UNAUTHORIZED' });
      await client.close();
    }
    const client = createRegistryClient({ credentials: singleCredential(host, account) });
    await pushSample(client, reference, image);
    assert.equal((await client.resolve(reference)).digest, image.descriptor.digest);
    await client.close();
  });
});

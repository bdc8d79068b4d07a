import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createRegistryClient,
  type Descriptor,
  digestOf,
  parseReference,
  type RegistryClient,
  type RequestInfo,
} from '@varve/oci';
import { chunksOf, type Fault, noise, startFaultProxy, startRegistry } from '@varve/oci/testing';
import { gathered } from './support.js';

const bytes = noise(1_000_000, 'pushed at once');
const blob: Descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength };
const isUpload = /blobs\/uploads\/[^?]/;

async function setUp(t: { after(fn: () => Promise<void>): void }, faults: readonly Fault[] = []) {
  const registry = await startRegistry();
  const proxy = await startFaultProxy(registry.host, faults);
  const requests: RequestInfo[] = [];
  const client: RegistryClient = createRegistryClient({
    retryDelay: 5,
    retries: 0,
    onRequest: info => requests.push(info),
  });
  t.after(async () => {
    await client.close();
    await proxy.close();
    await registry.close();
  });
  const push = (repository: string, signal?: AbortSignal) =>
    client.pushBlob(parseReference(`${proxy.host}/${repository}`), blob, () => chunksOf(bytes), { signal });
  const uploads = () => requests.filter(({ method, path }) => method === 'PUT' && isUpload.test(path)).length;
  const check = async (...repositories: readonly string[]) => {
    for (const name of repositories)
      assert.deepEqual(
        await gathered(client.blob(parseReference(`${proxy.host}/${name}`), blob)),
        Buffer.from(bytes),
        name,
      );
  };
  return { push, uploads, check };
}

describe('a blob that goes to several repositories of a registry by one client', () => {
  it('is sent once and mounted by the others, whether they come later or at once', async t => {
    const { push, uploads, check } = await setUp(t);
    const outcomes = await Promise.all(['one', 'two', 'three', 'one'].map(name => push(name)));
    assert.deepEqual(outcomes, ['uploaded', 'mounted', 'mounted', 'exists']);
    assert.equal(await push('four'), 'mounted');
    assert.equal(uploads(), 1);
    await check('one', 'two', 'three', 'four');
  });

  it('is sent by the next where the first fails', async t => {
    const { push, check } = await setUp(t, [{ kind: 'status', status: 403, method: 'PUT', path: isUpload }]);
    const [first, second] = await Promise.allSettled([push('one'), push('two')]);
    assert.equal(first.status, 'rejected');
    assert.deepEqual(second, { status: 'fulfilled', value: 'uploaded' });
    assert.equal(await push('three'), 'mounted');
    await check('two', 'three');
  });

  it('is not waited for by who was called off', async t => {
    let goOn = (): void => undefined;
    const held = new Promise<void>(resolve => {
      goOn = resolve;
    });
    const { push } = await setUp(t, [{ kind: 'before', run: () => held, method: 'PUT', path: isUpload }]);
    const first = push('one');
    const stop = new AbortController();
    const second = push('two', stop.signal);
    setTimeout(() => stop.abort(new Error('called off')), 50);
    await assert.rejects(second, /called off/);
    goOn();
    assert.equal(await first, 'uploaded');
  });
});

describe('a blob whose source fails', () => {
  for (const chunkSize of [undefined, 100_000])
    it(`fails with the error of the source, and is not tried again (${chunkSize ?? 'whole'})`, async t => {
      const registry = await startRegistry();
      const client = createRegistryClient({ retryDelay: 5 });
      t.after(async () => {
        await client.close();
        await registry.close();
      });
      let opened = 0;
      async function* source(): AsyncGenerator<Uint8Array> {
        opened++;
        yield bytes.subarray(0, 300_000);
        throw Object.assign(new Error('the disk is gone'), { code: 'EIO' });
      }
      const options = chunkSize === undefined ? {} : { chunkSize };
      await assert.rejects(client.pushBlob(parseReference(`${registry.host}/r`), blob, source, options), {
        code: 'EIO',
        message: 'the disk is gone',
      });
      assert.equal(opened, 1);
    });
});

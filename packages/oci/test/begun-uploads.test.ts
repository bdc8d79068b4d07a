import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { createRegistryClient, type Descriptor, digestOf, parseReference } from '@varve/oci';
import { chunksOf, noise, startRegistry } from '@varve/oci/testing';
import { closeServer, listen } from '../src/testing/memory-registry.js';
import { gathered } from './support.js';

const repository = (host: string) => parseReference(`${host}/app`);
const contents = ['one', 'two', 'three', 'four'].map(name => noise(1000, name));
const blobs = contents.map(
  (bytes): Descriptor => ({ mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength }),
);

async function setUp(t: { after(fn: () => Promise<void>): void }) {
  const registry = await startRegistry();
  const client = createRegistryClient({ retryDelay: 5 });
  t.after(async () => {
    await client.close();
    await registry.close();
  });
  const push = (index: number, following?: number) =>
    client.pushBlob(repository(registry.host), blobs[index] as Descriptor, () => chunksOf(contents[index] as Buffer), {
      skipCheck: true,
      ...(following === undefined ? {} : { following: () => following }),
    });
  const seen = () => registry.seen.splice(0).map(({ method }) => method);
  const check = async (index: number) =>
    assert.deepEqual(
      await gathered(client.blob(repository(registry.host), blobs[index] as Descriptor)),
      contents[index] as Buffer,
    );
  return { registry, client, push, seen, check };
}

/** Until a registry has so many uploads open. */
async function until(uploads: ReadonlyMap<string, unknown>, count: number): Promise<void> {
  for (let waited = 0; uploads.size !== count && waited < 200; waited++)
    await new Promise(resolve => setTimeout(resolve, 10));
  assert.equal(uploads.size, count);
}

describe('uploads that are begun before their blobs are there', () => {
  it('are begun once a blob was sent of which others follow, and need no asking then', async t => {
    const { registry, push, seen, check } = await setUp(t);
    await push(0, 2);
    await until(registry.state.uploads, 2);
    assert.deepEqual(seen(), ['POST', 'PUT', 'POST', 'POST']);
    await push(1);
    await push(2);
    assert.deepEqual(seen(), ['PUT', 'PUT']);
    await push(3);
    assert.deepEqual(seen(), ['POST', 'PUT']);
    for (const index of blobs.keys()) await check(index);
  });

  it('are as many as were asked for, however often', async t => {
    const { registry, push, seen } = await setUp(t);
    await push(0, 2);
    await until(registry.state.uploads, 2);
    await push(1, 2);
    await until(registry.state.uploads, 2);
    assert.deepEqual(
      seen().filter(method => method === 'POST').length,
      4,
      'one for the first blob, two ahead, one in place of what the second took',
    );
  });

  it('begin anew where the registry has forgotten them', async t => {
    const { registry, push, check } = await setUp(t);
    await push(0, 1);
    await until(registry.state.uploads, 1);
    registry.state.uploads.clear();
    await push(1);
    await check(1);
  });

  it('that are refused are told with the blob that they were to be of', async t => {
    const server = createServer((_, response) => response.writeHead(400).end());
    const port = await listen(server);
    const client = createRegistryClient();
    t.after(async () => {
      await client.close();
      await closeServer(server);
    });
    const [bytes, blob] = [contents[0] as Buffer, blobs[0] as Descriptor];
    const pushing = client.pushBlob(repository(`127.0.0.1:${port}`), blob, () => chunksOf(bytes), { skipCheck: true });
    await assert.rejects(pushing, (error: Error) => error.message.includes(`the upload of blob ${blob.digest} to `));
  });

  it('are cancelled where nobody wants them any more', async t => {
    const { registry, client, push, seen } = await setUp(t);
    await push(0, 2);
    await until(registry.state.uploads, 2);
    seen();
    await client.close();
    assert.deepEqual(seen(), ['DELETE', 'DELETE']);
    assert.equal(registry.state.uploads.size, 0);
  });
});

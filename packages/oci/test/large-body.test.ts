import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { createRegistryClient, digestOf, download, parseReference } from '@varve/oci';
import { startRegistry } from '@varve/oci/testing';
import { closeServer, listen } from '../src/testing/memory-registry.js';
import { gathered } from './support.js';

/** Counts what is announced while a test runs. */
function announced(t: TestContext): () => number {
  let count = 0;
  const listener = (): void => void count++;
  subscribe('varve:large-body', listener);
  t.after(() => unsubscribe('varve:large-body', listener));
  return () => count;
}

describe('varve:large-body', () => {
  it('tells of a large body that comes, or one of which nobody says how large it is', async t => {
    const count = announced(t);
    const server = createServer(({ url }, response) => {
      const bytes = Buffer.alloc(url === '/large' ? 2 << 20 : 10);
      if (url !== '/unknown') response.setHeader('content-length', bytes.byteLength);
      response.write(bytes);
      response.end();
    });
    const host = `127.0.0.1:${await listen(server)}`;
    t.after(() => closeServer(server));
    const counts: number[] = [];
    for (const name of ['small', 'large', 'unknown']) {
      const { body } = await download(`http://${host}/${name}`);
      counts.push(count());
      await gathered(body);
    }
    assert.deepEqual(counts, [0, 1, 2]);
  });

  it('tells of a large blob that goes, and not of what an upload and a small one take', async t => {
    const count = announced(t);
    const registry = await startRegistry();
    const client = createRegistryClient({});
    t.after(async () => {
      await client.close();
      await registry.close();
    });
    const counts: number[] = [];
    for (const size of [10, 2 << 20]) {
      const bytes = Buffer.alloc(size);
      const blob = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size };
      await client.pushBlob(parseReference(`${registry.host}/app:1`), blob, async function* () {
        counts.push(count());
        yield bytes;
      });
    }
    assert.deepEqual(counts, [0, 1]);
  });
});

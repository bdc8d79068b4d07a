import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { createRegistryClient, parseReference } from '@varve/oci';
import { sampleImage, startRegistry } from '@varve/oci/testing';
import { pushSample } from './support.js';

const quick = { retryDelay: 5, retries: 1 } as const;

describe('a connection', () => {
  const digest = `sha256:${'a'.repeat(64)}` as const;

  it('serves one request after another, look-ups by HEAD among them', async t => {
    const registry = await startRegistry();
    t.after(() => registry.close());
    let opened = 0;
    // Nothing between here and the registry but bytes: each connection is one of the registry's.
    const between = createServer(socket => {
      opened++;
      const onward = connect(Number(registry.host.split(':')[1]), '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => end.destroy());
    });
    const host = await listening(between);
    const client = createRegistryClient(quick);
    t.after(async () => {
      await client.close();
      between.close();
    });
    const reference = parseReference(`${host}/app:1`);
    await pushSample(client, reference, await sampleImage());
    const pushed = opened;
    for (let round = 0; round < 10; round++) {
      await client.resolve(reference);
      assert.equal(await client.hasBlob(reference, digest), false);
    }
    assert.equal(opened, pushed);
  });

  it('that brings a body nobody asked for is given up, and the next request goes by another', async t => {
    let asked = 0;
    const server = createServer(socket => {
      socket.on('error', () => socket.destroy());
      socket.on('data', () => {
        asked++;
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello');
      });
    });
    const host = await listening(server);
    const client = createRegistryClient(quick);
    t.after(async () => {
      await client.close();
      server.close();
    });
    const reference = parseReference(`${host}/app:1`);
    for (let round = 0; round < 10; round++) assert.equal(await client.hasBlob(reference, digest), true);
    assert.ok(asked >= 10);
  });
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `localhost:${(server.address() as AddressInfo).port}`;
}

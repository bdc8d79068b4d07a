import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { httpSource } from '../src/context/http.js';
import { pluginSource, Workshop } from './build-support.js';

describe('ADD of a URL', () => {
  let changed = 'Wed, 02 Jan 2019 03:04:05 GMT';
  const server = createServer((_, response) => response.writeHead(200, { 'last-modified': changed }).end('content'));
  before(() => new Promise<void>(resolve => server.listen(0, resolve)));
  after(() => server.close());

  it('made once serves again, but for no other name, time or place', async () => {
    const shop = new Workshop({ 'plugin.mjs': pluginSource });
    const caching = {
      plugins: [{ module: './plugin.mjs', options: {} }],
      caches: [{ id: 'notes', options: {} }],
    };
    const add = async (path: string, to = '/d/'): Promise<string | undefined> => {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
      const { images } = await shop.build(`FROM scratch\nADD ${address} ${to}\n`, caching);
      return images.images[0].layers[0]?.diffId;
    };
    const first = await add('/a');
    assert.equal(await add('/a?query'), first);
    assert.deepEqual(shop.outcomes(), ['cached']);
    const others = [await add('/b'), await add('/a', '/d/b2'), await add('/a', '/e/')];
    changed = 'Thu, 03 Jan 2019 03:04:05 GMT';
    others.push(await add('/a'));
    assert.equal(new Set([first, ...others]).size, 5);
  });
});

describe('ADD --checksum of a URL', () => {
  const server = createServer((_, response) => response.end('content'));
  before(() => new Promise<void>(resolve => server.listen(0, resolve)));
  after(() => server.close());

  for (const algorithm of ['sha256', 'sha384', 'sha512']) {
    it(`takes the right ${algorithm}, and no other`, async () => {
      const shop = new Workshop();
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`;
      const add = (content: string) => {
        const digest = createHash(algorithm).update(content).digest('hex');
        return shop.build(`FROM scratch\nADD --checksum=${algorithm}:${digest} ${address} /f\n`);
      };
      await add('content');
      await assert.rejects(add('another'), { code: 'E_CHECKSUM_MISMATCH' });
    });
  }

  it('shows neither user, password nor query of the address', async () => {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const line = `ADD --checksum=sha256:${'0'.repeat(64)} http://me:s3cret@${host}/f?token=s3cret /f`;
    await assert.rejects(new Workshop().build(`FROM scratch\n${line}\n`), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'E_CHECKSUM_MISMATCH');
      assert.match(error.message, new RegExp(`^http://${host}/f has the digest`));
      return true;
    });
  });

  it('refuses an address whose path has an escape that is none', async () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f%zz`;
    await assert.rejects(new Workshop().build(`FROM scratch\nADD ${address} /f\n`), {
      code: 'E_DOWNLOAD',
      message: /escape that is none/,
    });
  });
});

describe('ADD of a URL that wants to know who asks', () => {
  const shop = new Workshop({ 'token.txt': 'hush-token\n' });
  const server = createServer(({ headers, url }, response) => {
    if (url === '/moved') response.writeHead(302, { location: `http://localhost:${portOf()}/elsewhere` }).end();
    else if (url === '/elsewhere') response.end(headers.authorization ?? 'nobody');
    else response.writeHead(headers.authorization === wanted ? 200 : 401).end('content');
  });
  const portOf = (): number => (server.address() as AddressInfo).port;
  let wanted = '';
  before(() => new Promise<void>(resolve => server.listen(0, resolve)));
  after(() => server.close());

  const add = (id: string, path = '/f') =>
    shop.build(`FROM scratch\nADD http://127.0.0.1:${portOf()}${path} /f\n`, {
      secrets: [{ id: `${id}_127.0.0.1:${portOf()}`, from: { kind: 'file', path: 'token.txt' } }],
    });

  it('tells it by a secret named for the host, and nobody else', async () => {
    wanted = 'Bearer hush-token';
    await add('HTTP_AUTH_TOKEN');
    wanted = 'hush-token';
    await add('HTTP_AUTH_HEADER');
    await assert.rejects(add('HTTP_AUTH_OTHER'));
    assert.ok(!JSON.stringify(shop.events).includes('hush-token'));
  });

  it('does not tell another host that the server sends it to', async () => {
    const { images } = await add('HTTP_AUTH_TOKEN', '/moved');
    // "nobody" is shorter than any header.
    assert.ok(images.images[0].layers.length === 1);
    const kept = JSON.stringify(images.images[0].manifestDescriptor);
    shop.freshStore();
    const same = await shop.build(`FROM scratch\nADD http://127.0.0.1:${portOf()}/moved /f\n`);
    assert.equal(same.images.images[0].layers[0]?.diffId, images.images[0].layers[0]?.diffId, kept);
  });
});

describe('a download that breaks off, from a server that lets nothing be taken up again', () => {
  let breaks = 0;
  const content = Buffer.alloc(300_000, 'x');
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    if (breaks-- <= 0) return response.end(content);
    response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
    return response;
  });
  before(() => new Promise<void>(resolve => server.listen(0, resolve)));
  after(() => server.close());
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;

  it('begins again, twice at most', async () => {
    const digest = createHash('sha256').update(content).digest('hex');
    const add = () => new Workshop().build(`FROM scratch\nADD --checksum=sha256:${digest} ${url()} /\n`);
    breaks = 2;
    await add();
    breaks = 3;
    await assert.rejects(add(), { code: 'E_REGISTRY_CONNECTION' });
  });

  it('is a context all the same', async () => {
    const archive = content.fill(0);
    archive.set(Buffer.from('FROM scratch\nLABEL a=b\n'.padEnd(300_000, '\n')));
    const scratchDir = mkdtempSync(join(tmpdir(), 'varve-download-'));
    const signal = AbortSignal.timeout(60_000);
    breaks = 2;
    const opened = await httpSource({}).open({ reference: url(), cwd: '/', scratchDir }, signal);
    assert.equal(readFileSync(opened.dockerfile ?? '', 'utf8').trim(), 'FROM scratch\nLABEL a=b');
    rmSync(scratchDir, { recursive: true });
  });
});

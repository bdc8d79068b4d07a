import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { download } from '@varve/oci';
import { noise, startFaultProxy } from '@varve/oci/testing';
import { parseChallenges } from '../src/auth/challenge.js';
import { isLoopbackHost, proxyFor } from '../src/http/proxy.js';
import { askedPause, retryAfter } from '../src/http/retry.js';
import { closeServer, listen } from '../src/testing/memory-registry.js';
import { gathered } from './support.js';

describe('proxyFor', () => {
  const env = {
    HTTPS_PROXY: 'http://p:1',
    http_proxy: 'q:2',
    NO_PROXY: 'a.io, .b.io,*.c.io 10.0.0.0/8,[fd00::1]:9,fe80::/10,d.io:8443',
  };
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['https://x.io', 'http://p:1/'],
    ['http://x.io', 'http://q:2/'],
    ['https://a.io', undefined],
    ['https://sub.a.io', undefined],
    ['https://nota.io', 'http://p:1/'],
    ['https://b.io', 'http://p:1/'],
    ['https://x.b.io', undefined],
    ['https://x.c.io', undefined],
    ['https://10.1.2.3', undefined],
    ['https://11.1.2.3', 'http://p:1/'],
    ['https://[fe80::5]', undefined],
    ['https://[fd00::1]:9', undefined],
    ['https://[fd00::1]', 'http://p:1/'],
    ['https://d.io:8443', undefined],
    ['https://d.io', 'http://p:1/'],
    ['http://localhost:5000', undefined],
    ['https://127.3.2.1', undefined],
    ['https://[::1]:5000', undefined],
  ];
  for (const [url, expected] of cases) {
    it(`${url} goes ${expected === undefined ? 'directly' : `by ${expected}`}`, () => {
      assert.equal(proxyFor(new URL(url), env)?.href, expected);
    });
  }
  it('needs a variable, and * switches it off', () => {
    assert.equal(proxyFor(new URL('https://x.io'), {}), undefined);
    assert.equal(proxyFor(new URL('https://x.io'), { https_proxy: 'p', no_proxy: '*' }), undefined);
  });
  it('knows loopback by name', () => {
    for (const host of ['localhost', 'x.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'])
      assert.ok(isLoopbackHost(host));
    for (const host of ['localhost.io', '128.0.0.1', '127.evil.io', '::2']) assert.ok(!isLoopbackHost(host));
  });
});

describe('headers', () => {
  it('Retry-After is seconds or a date', () => {
    assert.equal(retryAfter('3'), 3000);
    assert.equal(retryAfter('Wed, 01 Jan 2025 00:00:10 GMT', Date.parse('2025-01-01T00:00:00Z')), 10_000);
    assert.equal(retryAfter('Wed, 01 Jan 2020 00:00:00 GMT'), 0);
    assert.equal(retryAfter('soon'), undefined);
    assert.equal(retryAfter(undefined), undefined);
    const date = 'Wed, 01 Jan 2020 00:00:00 GMT';
    assert.equal(askedPause({ date, 'retry-after': 'Wed, 01 Jan 2020 00:00:07 GMT' }), 7000);
    assert.equal(askedPause({ date, 'retry-after': '7' }), 7000);
    assert.equal(askedPause({ date }), undefined);
  });
  it('WWW-Authenticate may hold several challenges', () => {
    assert.deepEqual(
      parseChallenges('Bearer realm="https://a/t",service=x, scope="a:b:c,d", Basic realm="q \\"r\\""'),
      [
        { scheme: 'bearer', parameters: { realm: 'https://a/t', service: 'x', scope: 'a:b:c,d' } },
        { scheme: 'basic', parameters: { realm: 'q "r"' } },
      ],
    );
    assert.deepEqual(parseChallenges('Negotiate'), [{ scheme: 'negotiate', parameters: {} }]);
    assert.deepEqual(parseChallenges(undefined), []);
  });
});

describe('download', () => {
  const bytes = noise(2_000_000, 'download');
  type After = { after(fn: () => Promise<void>): void };

  async function files(t: After, etag: string | undefined, knowsRanges = true) {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/none') return response.writeHead(404).end();
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const ranged = knowsRanges && from > 0 && request.headers['if-range'] === etag;
      const part = ranged ? bytes.subarray(from) : bytes;
      const range = ranged ? { 'content-range': `bytes ${from}-${bytes.byteLength - 1}/${bytes.byteLength}` } : {};
      const tag = etag === undefined ? {} : { etag };
      return response.writeHead(ranged ? 206 : 200, { 'content-length': part.byteLength, ...range, ...tag }).end(part);
    });
    const port = await listen(server);
    t.after(() => closeServer(server));
    return { host: `127.0.0.1:${port}`, seen };
  }

  it('goes on after a reset where it stopped, and tries again after 500', async t => {
    const { host } = await files(t, '"v1"');
    const proxy = await startFaultProxy(host, [
      { kind: 'status', status: 500, times: 2 },
      { kind: 'reset', at: 0.4 },
    ]);
    t.after(proxy.close);
    const got = await download(`http://${proxy.host}/file`, { retryDelay: 5 });
    assert.equal(got.status, 200);
    assert.deepEqual(await gathered(got.body), Buffer.from(bytes));
    assert.equal(proxy.seen.length, 4);
  });

  it('goes on from the start where the server knows no ranges, as long as the content is the same', async t => {
    const { host } = await files(t, '"v1"', false);
    const proxy = await startFaultProxy(host, [
      { kind: 'reset', at: 0.4 },
      { kind: 'reset', at: 0.2 },
      { kind: 'reset', at: 0.6 },
    ]);
    t.after(proxy.close);
    const got = await download(`http://${proxy.host}/file`, { retryDelay: 5 });
    assert.deepEqual(await gathered(got.body), Buffer.from(bytes));
    const other = await files(t, '"v2"', false);
    const changing = await startFaultProxy(host, [
      { kind: 'reset', at: 0.4 },
      { kind: 'redirect', origin: `http://${other.host}` },
    ]);
    t.after(changing.close);
    const { body } = await download(`http://${changing.host}/file`, { retryDelay: 5 });
    await assert.rejects(gathered(body), { code: 'E_REGISTRY_CONNECTION' });
  });

  it('ends with an error where it cannot go on', async t => {
    const { host } = await files(t, undefined);
    const proxy = await startFaultProxy(host, [{ kind: 'reset', at: 0.4 }]);
    t.after(proxy.close);
    const { body } = await download(`http://${proxy.host}/file`, { retryDelay: 5 });
    await assert.rejects(gathered(body), { code: 'E_REGISTRY_CONNECTION' });
    await assert.rejects(download(`http://${host}/none`), { code: 'E_REGISTRY_STATUS', status: 404 });
    await assert.rejects(download('ftp://x/y'), { code: 'E_BAD_URL' });
    await assert.rejects(download('nothing'), { code: 'E_BAD_URL' });
  });

  it('does not take Authorization to another origin, and hides user and password of the URL', async t => {
    const target = await files(t, undefined);
    const proxy = await startFaultProxy(target.host, [{ kind: 'redirect', origin: `http://${target.host}` }]);
    t.after(proxy.close);
    const { body } = await download(`http://me:s3cret@${proxy.host}/file`, { headers: { Cookie: 'c' } });
    await gathered(body);
    assert.equal(proxy.seen[0]?.headers.authorization, `Basic ${Buffer.from('me:s3cret').toString('base64')}`);
    assert.deepEqual(target.seen, [undefined]);
    await gathered((await download(`http://me:50%@${target.host}/file`)).body);
    assert.equal(target.seen.at(-1), `Basic ${Buffer.from('me:50%').toString('base64')}`);
  });
});

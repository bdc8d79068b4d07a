import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  codeOf,
  createRegistryClient,
  type MirrorFailure,
  parseReference,
  type RegistryClientOptions,
  type RequestInfo,
  singleCredential,
} from '@varve/oci';
import {
  type DockerRegistry,
  freePort,
  type MemoryRegistry,
  makeCertificates,
  sampleImage,
  startDockerRegistry,
  startFaultProxy,
  startRegistry,
  type TestCertificates,
} from '@varve/oci/testing';
import { closeServer, listen } from '../src/testing/memory-registry.js';
import { gathered, pushSample, temporaryFolder } from './support.js';

const made = await makeCertificates(['registry.test']);
const quick = { retryDelay: 5, retries: 1 } as const;
const none = { certDirs: [] } as const;

/** Pushes a sample and pulls it again. */
async function roundTrip(host: string, options: RegistryClientOptions): Promise<void> {
  const client = createRegistryClient({ ...quick, ...options });
  try {
    const reference = parseReference(`${host}/app:1`);
    const image = await sampleImage();
    await pushSample(client, reference, image);
    const pulled = await client.image(reference, { os: 'linux', architecture: 'amd64' });
    for (const layer of pulled.manifest.layers) await gathered(client.blob(reference, layer));
  } finally {
    await client.close();
  }
}

describe('TLS', { skip: 'missing' in made ? made.missing : false }, () => {
  const certificates = made as TestCertificates;
  const { ca, cert, key, clientCert, clientKey } = certificates;
  let registry: MemoryRegistry;
  before(async () => {
    registry = await startRegistry({ tls: { cert, key } });
  });
  after(() => registry.close());

  it('with an authority given for the host', async () => {
    await roundTrip(registry.host, { ...none, certs: { [registry.host]: { ca } } });
  });

  it('with an authority from certs.d', async t => {
    const dir = await temporaryFolder(t);
    await mkdir(join(dir, registry.host));
    await writeFile(join(dir, registry.host, 'ca.crt'), ca);
    await roundTrip(registry.host, { certDirs: [dir] });
  });

  it('with an authority from SSL_CERT_FILE, SSL_CERT_DIR or NODE_EXTRA_CA_CERTS', async t => {
    const dir = await temporaryFolder(t);
    await writeFile(join(dir, 'ca.crt'), ca);
    const file = join(dir, 'ca.crt');
    for (const env of [{ SSL_CERT_FILE: file }, { SSL_CERT_DIR: dir }, { NODE_EXTRA_CA_CERTS: file }]) {
      await roundTrip(registry.host, { ...none, env, certs: { [registry.host]: {} } });
    }
  });

  it('refuses an unknown authority and a wrong name, and says what can be done', async () => {
    const untrusted = roundTrip(registry.host, { ...none, certs: { [registry.host]: {} } });
    await assert.rejects(untrusted, { code: 'E_REGISTRY_TLS', hint: /certs\.d|SSL_CERT_FILE/ });
    const other = await startRegistry({ tls: { cert: clientCert, key: clientKey } });
    const wrongName = roundTrip(other.host, { ...none, certs: { [other.host]: { ca } } });
    await assert.rejects(wrongName, { code: 'E_REGISTRY_TLS' });
    await other.close();
  });

  it('is not needed for a host that is named insecure, with or without TLS', async () => {
    const plain = await startRegistry();
    for (const { host } of [registry, plain]) await roundTrip(host, { ...none, insecure: [host] });
    await plain.close();
  });

  it('shows a client certificate where one is wanted', async t => {
    const strict = await startRegistry({ tls: { cert, key, clientCa: ca } });
    t.after(strict.close);
    await roundTrip(strict.host, { ...none, certs: { [strict.host]: { ca, cert: clientCert, key: clientKey } } });
    await assert.rejects(roundTrip(strict.host, { ...none, certs: { [strict.host]: { ca } } }), error => {
      assert.match(String((error as { code?: string }).code), /^E_REGISTRY_(TLS|CONNECTION)$/);
      return true;
    });
    const dir = await temporaryFolder(t);
    await mkdir(join(dir, strict.host));
    for (const [name, text] of [
      ['ca.crt', ca],
      ['client.cert', clientCert],
      ['client.key', clientKey],
    ] as const) {
      await writeFile(join(dir, strict.host, name), text);
    }
    await roundTrip(strict.host, { certDirs: [dir] });
  });

  it('takes authorities and a client certificate from files, by the host with or without its port', async t => {
    const strict = await startRegistry({ tls: { cert, key, clientCa: ca } });
    t.after(strict.close);
    const dir = await temporaryFolder(t);
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(dir, name), text);
      return join(dir, name);
    };
    const [authority, mine, myKey] = [
      await file('ca.pem', ca),
      await file('me.cert', clientCert),
      await file('me.key', clientKey),
    ];
    const { hostname } = new URL(`https://${strict.host}`);
    const whole = { ca: [authority], cert: mine, key: myKey };
    await roundTrip(strict.host, { ...none, certFiles: { [strict.host]: whole } });
    await roundTrip(strict.host, { ...none, certFiles: { [hostname]: whole } });
    const apart = { [strict.host]: { ca: [authority] }, [hostname]: { cert: mine, key: myKey } };
    await roundTrip(strict.host, { ...none, certFiles: apart });
    const refused: readonly (readonly [RegistryClientOptions['certFiles'], RegExp])[] = [
      [{ [strict.host]: { ca: [join(dir, 'absent')] } }, /absent.*cannot be read/],
      [{ [strict.host]: { cert: mine } }, /not given with its key/],
      [{ [strict.host]: { ca: [authority], cert: mine, key: await file('other.key', key) } }, /cannot be used/],
      [{ [strict.host]: { ca: [await file('empty', '')], cert: myKey, key: myKey } }, /cannot be used/],
    ];
    for (const [certFiles, message] of refused)
      await assert.rejects(roundTrip(strict.host, { ...none, ...(certFiles === undefined ? {} : { certFiles }) }), {
        code: 'E_REGISTRY_TLS',
        message,
      });
  });

  it('is thought of where a loopback host refuses plain HTTP', async t => {
    const started = await startDockerRegistry({ tls: { cert, key } });
    if ('missing' in started) return t.skip(started.missing);
    t.after(started.close);
    await assert.rejects(roundTrip(started.host, none), {
      code: 'E_REGISTRY_STATUS',
      status: 400,
      hint: /wants TLS.*certs\.d/,
    });
  });

  it('without a look at the certificate is still TLS', async t => {
    const plain = await startRegistry();
    t.after(plain.close);
    const [name] = registry.host.split(':');
    for (const entry of [registry.host, name ?? ''])
      await roundTrip(registry.host, { ...none, skipTlsVerify: [entry] });
    await assert.rejects(roundTrip(plain.host, { ...none, skipTlsVerify: [plain.host] }), { code: 'E_REGISTRY_TLS' });
  });

  it('does not follow a redirect from TLS to plain HTTP', async t => {
    const plain = await startRegistry();
    const proxy = await startFaultProxy(plain.host, [{ kind: 'redirect', origin: `http://${plain.host}` }], {
      cert,
      key,
    });
    t.after(async () => {
      await proxy.close();
      await plain.close();
    });
    const client = createRegistryClient({ ...quick, ...none, certs: { [proxy.host]: { ca } } });
    await assert.rejects(client.manifest(parseReference(`${proxy.host}/app:1`)), { code: 'E_REDIRECT' });
    await client.close();
  });

  it('serves docker-registry with htpasswd, a private authority and client certificates', async t => {
    const account = { username: 'me', password: 'pass' };
    const started = await startDockerRegistry({ auth: account, tls: { cert, key, clientCa: ca } });
    if ('missing' in started) return t.skip(started.missing);
    const { host, close }: DockerRegistry = started;
    t.after(close);
    const certs = { [host]: { ca, cert: clientCert, key: clientKey } };
    await roundTrip(host, { ...none, certs, credentials: singleCredential(host, account) });
    await assert.rejects(roundTrip(host, { ...none, certs }), { code: 'E_UNAUTHORIZED' });
  });
});

describe('proxies', () => {
  it('are used for what NO_PROXY does not name, by CONNECT for TLS and forwarding for plain HTTP', async t => {
    const proxy = await startProxy(t);
    const plain = await startRegistry();
    t.after(plain.close);
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: 'other.test' };
    const name = `registry.test:${plain.port}`;
    await roundTrip(name, { ...none, env, insecure: [name] });
    assert.ok(proxy.seen.some(line => line.startsWith('GET http://registry.test')));
    assert.ok(proxy.seen.some(line => line.startsWith('CONNECT registry.test')));
    assert.ok(proxy.authorizations.every(value => value === `Basic ${Buffer.from('pr:oxy').toString('base64')}`));
    if ('missing' in made) return;
    const tls = await startRegistry({ tls: made });
    t.after(tls.close);
    const secure = `registry.test:${tls.port}`;
    proxy.seen.length = 0;
    await roundTrip(secure, { ...none, env, ca: [made.ca] });
    assert.ok(proxy.seen.length > 0 && proxy.seen.every(line => line.startsWith('CONNECT ')));
  });

  it('are not used for loopback', async t => {
    const registry = await startRegistry();
    t.after(registry.close);
    const env = { HTTP_PROXY: `http://127.0.0.1:${await freePort()}` };
    await roundTrip(registry.host, { ...none, env });
  });

  it('that refuse, cannot be reached or are none are told, and nothing goes without them', async t => {
    const { url } = await startProxy(t, 407);
    const dead = `http://me:s3cret@127.0.0.1:${await freePort()}`;
    const refuses = { code: 'E_REGISTRY_UNREACHABLE', message: /proxy.*registry\.test.*407/, hint: /password/ };
    const isDead = {
      code: 'E_REGISTRY_UNREACHABLE',
      message: /the proxy 127\.0\.0\.1:\d+ before registry\.test.* refuses/,
    };
    const isNone = { code: 'E_BAD_URL', message: 'HTTPS_PROXY does not hold the address of an HTTP proxy' };
    const cases = [
      [{ HTTPS_PROXY: url }, {}, refuses],
      [{ HTTP_PROXY: url }, { mirrors: { 'registry.test': ['http://registry.test'] }, mirrorFallback: false }, refuses],
      [{ HTTPS_PROXY: dead }, {}, isDead],
      [{ HTTPS_PROXY: 'ht!tp://me:s3cret@x' }, {}, isNone],
      [{ HTTPS_PROXY: 'socks5://me:s3cret@x' }, {}, isNone],
    ] as const;
    for (const [env, options, expected] of cases) {
      const client = createRegistryClient({ ...quick, ...none, ...options, env });
      await assert.rejects(client.resolve(parseReference('registry.test/app')), error => {
        assert.throws(() => {
          throw error;
        }, expected);
        assert.doesNotMatch((error as Error).message, /s3cret|oxy@/);
        return true;
      });
      await client.close();
    }
  });
});

describe('mirrors', () => {
  it('serve before the registry, which serves what they lack', async t => {
    const mirror = await startRegistry();
    const origin = await startRegistry();
    t.after(async () => {
      await mirror.close();
      await origin.close();
    });
    const image = await sampleImage();
    const other = await sampleImage({ layers: [{ b: 'b' }] });
    const direct = createRegistryClient(quick);
    await pushSample(direct, parseReference(`${mirror.host}/hub/app:1`), image);
    await pushSample(direct, parseReference(`${origin.host}/app:1`), image);
    await pushSample(direct, parseReference(`${origin.host}/app:2`), other);
    await direct.close();
    origin.seen.length = 0;
    const requests: RequestInfo[] = [];
    const dead = `127.0.0.1:${await freePort()}`;
    const mirrors = { [origin.host]: [dead, `http://${mirror.host}/hub/`] };
    const failures: MirrorFailure[] = [];
    const client = createRegistryClient({
      ...quick,
      mirrors,
      onRequest: info => requests.push(info),
      onMirrorFailure: failure => failures.push(failure),
    });
    t.after(client.close);
    const amd = { os: 'linux', architecture: 'amd64' };
    const pulled = await client.image(parseReference(`${origin.host}/app:1`), amd);
    assert.equal(pulled.manifestDescriptor.digest, image.descriptor.digest);
    assert.equal(origin.seen.length, 0);
    const second = await client.image(parseReference(`${origin.host}/app:2`), amd);
    assert.equal(second.manifestDescriptor.digest, other.descriptor.digest);
    assert.equal(requests.filter(({ host }) => host === dead).length, 2);
    assert.deepEqual(
      failures.map(({ registry, mirror }) => [registry, mirror]),
      [[origin.host, dead]],
    );
    assert.equal(codeOf(failures[0]?.error), 'E_REGISTRY_UNREACHABLE');
  });
});

describe('mirrors without a fallback', () => {
  it('are all that is asked, and the registry is pushed to all the same', async t => {
    const mirror = await startRegistry();
    const origin = await startRegistry();
    t.after(async () => {
      await mirror.close();
      await origin.close();
    });
    const image = await sampleImage();
    const mirrors = { [origin.host.toUpperCase()]: [mirror.host] };
    const client = createRegistryClient({ ...quick, mirrors, mirrorFallback: false });
    t.after(client.close);
    const reference = parseReference(`${origin.host}/app:1`);
    await pushSample(client, reference, image);
    origin.seen.length = 0;
    await assert.rejects(client.manifest(reference), { code: /E_MANIFEST_UNKNOWN|E_NAME_UNKNOWN/ });
    await pushSample(client, parseReference(`${mirror.host}/app:1`), image);
    assert.equal((await client.resolve(reference)).digest, image.descriptor.digest);
    assert.equal(origin.seen.length, 0);
  });

  it('do not keep a registry without mirrors from being asked', async t => {
    const origin = await startRegistry();
    t.after(origin.close);
    await roundTrip(origin.host, { mirrors: { 'docker.io': ['mirror.test'] }, mirrorFallback: false });
  });
});

/** A proxy that resolves every name to this machine. */
async function startProxy(t: { after(fn: () => Promise<void>): void }, refuse?: number) {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '');
    seen.push(`${request.method} ${request.url}`);
    if (refuse !== undefined) return void response.writeHead(refuse).end();
    authorizations.push(request.headers['proxy-authorization']);
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const onward = httpRequest(
      { host: '127.0.0.1', port: url.port, path: `${url.pathname}${url.search}`, method: request.method, headers },
      answer => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (refuse !== undefined) return socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
    const onward = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    return undefined;
  });
  const port = await listen(server);
  t.after(() => closeServer(server));
  return { url: `http://pr:oxy@127.0.0.1:${port}`, seen, authorizations };
}

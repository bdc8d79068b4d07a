import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { copyImage, createRegistryClient, hostPlatform, parseReference, type RegistryClient } from '@varve/oci';
import {
  type MemoryRegistry,
  makeCertificates,
  sampleImage,
  sampleIndex,
  startRegistry,
  type TestCertificates,
} from '@varve/oci/testing';
import { Workshop } from './build-support.js';

const made = await makeCertificates();
const certificates = made as TestCertificates;
const account = { username: 'me', password: 's3cret' };
const base = await sampleImage({ platform: hostPlatform(), layers: [{ base: 'b' }] });
const client: RegistryClient = createRegistryClient();
let mirror: MemoryRegistry;

before(async () => {
  mirror = await startRegistry();
  const { reader } = sampleIndex([base]);
  const references = ['library/base:1', 'hub/library/base:1'].map(name => parseReference(`${mirror.host}/${name}`));
  await copyImage({
    from: { kind: 'content', reader, root: base.descriptor },
    to: { kind: 'registry', client, references },
  });
});
after(async () => {
  await client.close();
  await mirror.close();
});

describe('a build with settings for registries', () => {
  it('takes bases from mirrors, below a path too, and from nowhere else where that is asked for', async () => {
    const shop = new Workshop();
    for (const [from, mirrors] of [
      ['nowhere.invalid/library/base:1', { 'nowhere.invalid': [mirror.host] }],
      ['base:1', { 'docker.io': ['dead.invalid', `http://${mirror.host}/hub`] }],
    ] as const) {
      shop.freshStore();
      const registries = { mirrors, mirrorFallback: false };
      const { images } = await shop.build(`FROM ${from}\nCOPY .keep /\n`, { registries });
      assert.equal(images.images[0].layers[0]?.descriptor.digest, base.manifest.layers[0]?.digest);
      const warned = shop.events.flatMap(event => (event.type === 'warning' ? [[event.code, event.message]] : []));
      const dead = ['W_MIRROR_FAILED', /dead\.invalid of docker\.io is passed over/] as const;
      assert.deepEqual(
        warned.map(([code]) => code),
        from === 'base:1' ? [dead[0]] : [],
      );
      if (from === 'base:1') assert.match(warned[0]?.[1] ?? '', dead[1]);
    }
    shop.freshStore();
    const registries = { mirrors: { 'docker.io': [mirror.host] }, mirrorFallback: false };
    await assert.rejects(shop.build('FROM library/absent\n', { registries }), { code: /E_(?:MANIFEST|NAME)_UNKNOWN/ });
  });

  it('trusts the authority of a registry and shows it a certificate, with credentials of config.json', async t => {
    if ('missing' in made) return t.skip(made.missing);
    const { ca, cert, key, clientCert, clientKey } = certificates;
    const strict = await startRegistry({ auth: { kind: 'bearer', ...account }, tls: { cert, key, clientCa: ca } });
    t.after(strict.close);
    const shop = new Workshop();
    const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
    shop.write({
      'ca.crt': ca,
      'me.cert': clientCert,
      'me.key': clientKey,
      'docker/config.json': JSON.stringify({ auths: { [`${strict.host}/team`]: { auth } } }),
    });
    const files = { ca: [shop.path('ca.crt')], cert: shop.path('me.cert'), key: shop.path('me.key') };
    const settings = {
      registries: { certFiles: { [strict.host]: files } },
      env: { ...process.env, DOCKER_CONFIG: shop.path('docker') },
      tags: [`${strict.host}/team/app:1`],
      push: true,
      caches: [],
    };
    const dockerfile = 'FROM scratch\nCOPY .keep /\n';
    const result = await shop.build(dockerfile, settings);
    const own = createRegistryClient({
      certs: { [strict.host]: { ca, cert: clientCert, key: clientKey } },
      credentials: { lookup: () => Promise.resolve(account) },
    });
    assert.equal((await own.resolve(parseReference(`${strict.host}/team/app:1`))).digest, result.digest);
    await own.close();
    assert.doesNotMatch(JSON.stringify(shop.events), /s3cret/);
    await assert.rejects(shop.build(dockerfile, { ...settings, registries: {} }), error => {
      assert.doesNotMatch(String(error), /s3cret/);
      return true;
    });
  });
});

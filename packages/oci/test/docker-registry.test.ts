import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createRegistryClient,
  type Digest,
  digestOf,
  parseReference,
  type RegistryClient,
  type RequestInfo,
} from '@varve/oci';
import {
  chunksOf,
  type DockerRegistry,
  noise,
  type SampleImage,
  sampleImage,
  sampleIndex,
  startDockerRegistry,
} from '@varve/oci/testing';
import { gathered, pushSample } from './support.js';

const registry = await startDockerRegistry();

describe('docker-registry', { skip: 'missing' in registry ? registry.missing : false }, () => {
  const { host, close } = registry as DockerRegistry;
  const requests: RequestInfo[] = [];
  let client: RegistryClient;
  let image: SampleImage;
  before(async () => {
    client = createRegistryClient({ onRequest: info => requests.push(info), retryDelay: 5 });
    image = await sampleImage({ layers: [{ 'a.txt': 'a' }, { 'noise.bin': noise(3_000_000) }] });
  });
  after(async () => {
    await client.close();
    await close();
  });

  it('takes an image and gives it back', async () => {
    const reference = parseReference(`${host}/library/sample:1`);
    const pushed = await pushSample(client, reference, image);
    assert.equal(pushed.digest, image.descriptor.digest);
    assert.deepEqual(await client.resolve(reference), pushed);
    const got = await client.image(reference, { os: 'linux', architecture: 'amd64' });
    assert.deepEqual(got.config, image.config);
    assert.deepEqual(got.manifest, image.manifest);
    assert.equal(got.indexDescriptor, undefined);
    for (const layer of got.manifest.layers) {
      assert.deepEqual(await gathered(client.blob(reference, layer)), Buffer.from(image.blobs.get(layer.digest) ?? []));
    }
  });

  it('uploads nothing that is there, and asks once for each blob', async () => {
    requests.length = 0;
    await pushSample(client, parseReference(`${host}/library/sample:2`), image);
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['HEAD', 'HEAD', 'HEAD', 'PUT'],
    );
  });

  it('mounts a blob from another repository', async () => {
    const layer = image.manifest.layers[0];
    assert.ok(layer);
    const from = parseReference(`${host}/library/sample`);
    const to = parseReference(`${host}/mounted`);
    const open = () => assert.fail('nothing is to be read');
    assert.equal(await client.pushBlob(to, layer, open, { mountFrom: from }), 'mounted');
    assert.equal(await client.hasBlob(to, layer.digest), true);
    assert.equal(await client.mountBlob(from, to, digestOf('not there')), false);
  });

  it('uploads in pieces on demand', async () => {
    const bytes = noise(1_000_003, 'pieces');
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength };
    const repository = parseReference(`${host}/pieces`);
    const progress: number[] = [];
    const outcome = await client.pushBlob(repository, descriptor, () => chunksOf(bytes, 70_000), {
      chunkSize: 300_000,
      onProgress: sent => progress.push(sent),
    });
    assert.equal(outcome, 'uploaded');
    assert.deepEqual(progress, [300_000, 600_000, 900_000, 1_000_003]);
    assert.deepEqual(await gathered(client.blob(repository, descriptor)), Buffer.from(bytes));
  });

  it('gives part of a blob', async () => {
    const bytes = noise(500_000, 'part');
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength };
    const repository = parseReference(`${host}/part`);
    await client.pushBlob(repository, descriptor, () => chunksOf(bytes));
    const rest = await gathered(client.blob(repository, descriptor, { offset: 400_000 }));
    assert.deepEqual(rest, Buffer.from(bytes.subarray(400_000)));
  });

  it('refuses a source that is shorter, longer or other than announced', async () => {
    const repository = parseReference(`${host}/liar`);
    const bytes = noise(200_000, 'liar');
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength };
    const push = (content: Uint8Array) => client.pushBlob(repository, descriptor, () => chunksOf(content));
    await assert.rejects(push(bytes.subarray(1)), { code: 'E_SIZE_MISMATCH' });
    await assert.rejects(push(Buffer.concat([bytes, bytes])), { code: 'E_SIZE_MISMATCH' });
    await assert.rejects(push(noise(200_000, 'other')), { code: 'E_DIGEST_MISMATCH', status: 400 });
    assert.equal(await client.hasBlob(repository, descriptor.digest), false);
  });

  it('chooses a platform of an index and names what there is', async () => {
    const arm = await sampleImage({ platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } });
    const index = sampleIndex([image, arm]);
    const reference = parseReference(`${host}/multi:1`);
    for (const each of [image, arm]) await pushSample(client, { ...reference, tag: 'part' }, each);
    await client.pushManifest(reference, index.bytes, index.descriptor.mediaType);
    const got = await client.image(reference, { os: 'linux', architecture: 'arm64' });
    assert.equal(got.manifestDescriptor.digest, arm.descriptor.digest);
    assert.equal(got.indexDescriptor?.digest, index.descriptor.digest);
    await assert.rejects(client.image(reference, { os: 'linux', architecture: 's390x' }), {
      code: 'E_PLATFORM_MISMATCH',
      message: /linux\/amd64, linux\/arm64/,
    });
    await assert.rejects(
      client.image(parseReference(`${host}/library/sample:1`), { os: 'linux', architecture: 'arm64' }),
      {
        code: 'E_PLATFORM_MISMATCH',
      },
    );
  });

  it('says what is missing', async () => {
    const nothing: Digest = digestOf('nothing');
    await assert.rejects(client.manifest(parseReference(`${host}/library/sample:none`)), {
      code: 'E_MANIFEST_UNKNOWN',
    });
    await assert.rejects(client.resolve(parseReference(`${host}/library/sample:none`)), { code: 'E_MANIFEST_UNKNOWN' });
    await assert.rejects(client.tags(parseReference(`${host}/none`)), { code: 'E_NAME_UNKNOWN' });
    await assert.rejects(
      gathered(client.blob(parseReference(`${host}/library/sample`), { mediaType: '', digest: nothing, size: 7 })),
      { code: 'E_BLOB_UNKNOWN' },
    );
  });

  it('lists tags, deletes, and keeps referrers under the fallback tag', async () => {
    const repository = parseReference(`${host}/library/sample`);
    assert.deepEqual([...(await client.tags(repository))].sort(), ['1', '2']);
    const subject = { ...image.descriptor };
    const attached = { ...image.manifest, artifactType: 'application/vnd.test', subject, annotations: { a: 'b' } };
    const bytes = Buffer.from(JSON.stringify(attached));
    const pushed = await client.pushManifest(repository, bytes, image.descriptor.mediaType);
    await client.pushManifest(repository, bytes, image.descriptor.mediaType);
    const { manifests } = await client.referrers(repository, subject.digest);
    assert.deepEqual(manifests, [{ ...pushed, artifactType: 'application/vnd.test', annotations: { a: 'b' } }]);
    assert.deepEqual((await client.referrers(repository, subject.digest, { artifactType: 'other' })).manifests, []);
    await client.deleteManifest({ ...repository, digest: pushed.digest });
    await assert.rejects(client.manifest({ ...repository, digest: pushed.digest }), { code: 'E_MANIFEST_UNKNOWN' });
  });
});

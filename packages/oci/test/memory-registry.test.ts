import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createRegistryClient, digestOf, mediaTypes, parseReference } from '@varve/oci';
import {
  chunksOf,
  findProgram,
  type MemoryRegistry,
  noise,
  runProgram,
  sampleImage,
  startRegistry,
} from '@varve/oci/testing';
import { pushSample, temporaryFolder } from './support.js';

describe('startRegistry', () => {
  let registry: MemoryRegistry;
  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry.close());

  const ask = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const response = await fetch(`http://${registry.host}/v2/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const code = text.startsWith('{"errors"') ? JSON.parse(text).errors[0].code : undefined;
    return {
      status: response.status,
      code,
      location: response.headers.get('location') ?? '',
      headers: response.headers,
    };
  };
  const octets = { 'content-type': 'application/octet-stream' };
  const begin = async () => (await ask('POST', 'r/blobs/uploads/')).location.replace('/v2/', '');

  it('refuses names, tags and digests that are not right', async () => {
    assert.equal((await ask('GET', 'UPPER/tags/list')).status, 404);
    assert.equal((await ask('GET', 'r/manifests/-x')).code, 'MANIFEST_INVALID');
    assert.equal((await ask('GET', 'r/blobs/sha256:x')).code, 'DIGEST_INVALID');
    assert.equal((await ask('GET', `none/manifests/1`)).code, 'NAME_UNKNOWN');
  });

  it('refuses chunks out of order, of another size or of another type', async () => {
    const place = await begin();
    assert.equal((await ask('PATCH', place, { ...octets, 'content-range': '0-2' }, 'abc')).status, 202);
    assert.equal((await ask('PATCH', place, { ...octets, 'content-range': '0-2' }, 'abc')).status, 416);
    assert.equal((await ask('PATCH', place, { ...octets, 'content-range': '3-9' }, 'def')).code, 'SIZE_INVALID');
    assert.equal(
      (await ask('PATCH', place, { 'content-type': 'text/plain', 'content-range': '3-5' }, 'def')).status,
      400,
    );
    const state = await ask('GET', place);
    assert.deepEqual([state.status, state.headers.get('range')], [204, '0-2']);
  });

  it('takes no pieces below the least size, which the client heeds', async t => {
    const careful = await startRegistry({ leastChunk: 1000 });
    const client = createRegistryClient();
    t.after(async () => {
      await client.close();
      await careful.close();
    });
    const bytes = noise(2500, 'least');
    const blob = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength };
    await client.pushBlob(parseReference(`${careful.host}/r`), blob, () => chunksOf(bytes, 300), { chunkSize: 400 });
    const pieces = careful.seen
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => headers['content-length']);
    assert.deepEqual(pieces, ['1000', '1000', '500']);
    const begun = await fetch(`http://${careful.host}/v2/r/blobs/uploads/`, { method: 'POST' });
    const place = `http://${careful.host}${begun.headers.get('location')}`;
    const send = (range: string, body: string) =>
      fetch(place, { method: 'PATCH', headers: { ...octets, 'content-range': range }, body });
    assert.equal((await send('0-2', 'abc')).status, 202);
    assert.equal((await send('3-5', 'def')).status, 400);
  });

  it('refuses content of another digest, and forgets the upload', async () => {
    const place = await begin();
    const wrong = digestOf('something else');
    assert.equal((await ask('PUT', `${place}&digest=${wrong}`, octets, 'abc')).code, 'DIGEST_INVALID');
    assert.equal((await ask('PUT', `${place}&digest=${digestOf('abc')}`, octets, 'abc')).code, 'BLOB_UPLOAD_UNKNOWN');
    assert.equal((await ask('PUT', await begin(), octets, 'abc')).code, 'DIGEST_INVALID');
  });

  it('refuses manifests that are not what they say, or name what is not there', async () => {
    const image = await sampleImage();
    const text = Buffer.from(image.manifestBytes).toString();
    const oci = { 'content-type': mediaTypes.ociManifest };
    assert.equal((await ask('PUT', 'r/manifests/1', oci, text)).code, 'MANIFEST_BLOB_UNKNOWN');
    assert.equal(
      (await ask('PUT', 'r/manifests/1', { 'content-type': mediaTypes.dockerManifest }, text)).code,
      'MANIFEST_INVALID',
    );
    assert.equal((await ask('PUT', 'r/manifests/1', oci, '{}')).code, 'MANIFEST_INVALID');
    assert.equal((await ask('PUT', `r/manifests/${digestOf('x')}`, oci, text)).code, 'DIGEST_INVALID');
    const client = createRegistryClient();
    await pushSample(client, parseReference(`${registry.host}/r:1`), image);
    await client.close();
    const longer = text.replace(`"size":${image.manifest.config.size}`, `"size":${image.manifest.config.size + 1}`);
    assert.equal((await ask('PUT', 'r/manifests/2', oci, longer)).code, 'SIZE_INVALID');
    assert.equal((await ask('GET', 'r/manifests/1', { accept: mediaTypes.ociIndex })).status, 404);
  });

  it('lists tags page by page, and referrers by type', async () => {
    const client = createRegistryClient();
    const image = await sampleImage({ layers: [{ x: 'x' }] });
    const reference = parseReference(`${registry.host}/many`);
    const tags = Array.from({ length: 230 }, (_, at) => `t${String(at).padStart(3, '0')}`);
    await pushSample(client, { ...reference, tag: 't000' }, image);
    for (const tag of tags) registry.state.open('many').tags.set(tag, image.descriptor.digest);
    assert.deepEqual(await client.tags(reference), tags);
    const attached = { ...image.manifest, artifactType: 'application/vnd.sbom', subject: image.descriptor };
    const pushed = await client.pushManifest(reference, Buffer.from(JSON.stringify(attached)), mediaTypes.ociManifest);
    const digests = async (artifactType: string) =>
      (await client.referrers(reference, image.descriptor.digest, { artifactType })).manifests.map(
        ({ digest }) => digest,
      );
    assert.deepEqual(await digests('application/vnd.sbom'), [pushed.digest]);
    assert.deepEqual(await digests('other'), []);
    assert.equal(registry.state.open('many').tags.size, 230);
    await client.close();
  });

  it('serves skopeo', { skip: findProgram('skopeo') === undefined ? 'skopeo is not installed' : false }, async t => {
    const dir = await temporaryFolder(t);
    const client = createRegistryClient();
    await pushSample(client, parseReference(`${registry.host}/s:1`), await sampleImage());
    await client.close();
    const copy = (from: string, to: string) =>
      runProgram([
        'skopeo',
        '--insecure-policy',
        'copy',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        from,
        to,
      ]);
    const pulled = await copy(`docker://${registry.host}/s:1`, `oci:${join(dir, 'l')}:1`);
    assert.equal(pulled.code, 0, pulled.stderr);
    const pushed = await copy(`oci:${join(dir, 'l')}:1`, `docker://${registry.host}/t:1`);
    assert.equal(pushed.code, 0, pushed.stderr);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Digester,
  digestOf,
  isDigest,
  mediaTypes,
  parseImageConfig,
  parseManifest,
  splitDigest,
  toDockerManifest,
  toOciManifest,
  verifyStream,
} from '@varve/oci';
import { chunksOf, noise, sampleImage } from '@varve/oci/testing';
import fc from 'fast-check';
import { gathered } from './support.js';

describe('digests', () => {
  it('are known by form', () => {
    assert.ok(isDigest(digestOf('x')) && isDigest(digestOf('x', 'sha512')));
    const hex = 'a'.repeat(64);
    for (const text of [
      '',
      'sha256:',
      `sha256:${hex}a`,
      `sha256:${hex.toUpperCase()}`,
      `md5:${'a'.repeat(32)}`,
      `toString:${hex}`,
      hex,
    ]) {
      assert.ok(!isDigest(text), text);
    }
    assert.throws(() => splitDigest('sha256:x' as never), { code: 'E_BAD_DIGEST' });
  });

  it('are the same however the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), chunks => {
        const digester = new Digester();
        for (const chunk of chunks) digester.update(chunk);
        const all = Buffer.concat(chunks);
        assert.equal(digester.digest(), digestOf(all));
        assert.equal(digester.size, all.byteLength);
      }),
    );
  });

  it('guard a stream', async () => {
    const bytes = noise(100_000);
    const expected = { digest: digestOf(bytes), size: bytes.byteLength };
    assert.deepEqual(await gathered(verifyStream(chunksOf(bytes), expected)), Buffer.from(bytes));
    const long = { digest: digestOf(bytes, 'sha512'), size: bytes.byteLength };
    assert.deepEqual(await gathered(verifyStream(chunksOf(bytes), long)), Buffer.from(bytes));
    await assert.rejects(gathered(verifyStream(chunksOf(bytes.subarray(1)), expected)), { code: 'E_SIZE_MISMATCH' });
    await assert.rejects(gathered(verifyStream(chunksOf(noise(100_000, 'x')), expected)), {
      code: 'E_DIGEST_MISMATCH',
    });
    await assert.rejects(gathered(verifyStream(chunksOf(noise(200_000)), expected)), { code: 'E_SIZE_MISMATCH' });
  });
});

describe('manifests', () => {
  it("go to Docker's media types and back", async () => {
    const { manifest } = await sampleImage();
    const docker = toDockerManifest(manifest);
    assert.equal(docker.mediaType, mediaTypes.dockerManifest);
    assert.equal(docker.config.mediaType, mediaTypes.dockerConfig);
    assert.deepEqual(toOciManifest(docker), manifest);
    assert.throws(() => toDockerManifest({ ...manifest, artifactType: 'x' }), { code: 'E_UNSUPPORTED_MEDIA_TYPE' });
  });

  it('are refused unless they are exactly one thing', async () => {
    const { manifest } = await sampleImage();
    const parse = (json: unknown, announced?: string) =>
      parseManifest(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)), announced, 'it');
    assert.equal(parse(manifest).mediaType, mediaTypes.ociManifest);
    const { mediaType: _, ...untyped } = manifest;
    assert.equal(parse(untyped).mediaType, mediaTypes.ociManifest);
    assert.equal(parse(untyped, mediaTypes.dockerManifest).mediaType, mediaTypes.dockerManifest);
    const bad: readonly (readonly [unknown, string?])[] = [
      ['not JSON'],
      ['[]'],
      [{ schemaVersion: 2 }],
      [{ ...manifest, schemaVersion: 3 }],
      [{ ...manifest, manifests: [] }],
      [manifest, mediaTypes.dockerManifest],
      [{ ...manifest, mediaType: mediaTypes.ociIndex }],
      [{ ...manifest, layers: [{ ...manifest.config, size: -1 }] }],
      [{ ...manifest, layers: [{ ...manifest.config, digest: 'sha256:../../x' }] }],
      [{ ...manifest, config: { ...manifest.config, mediaType: 5 } }],
    ];
    for (const [json, announced] of bad) assert.throws(() => parse(json, announced), { code: 'E_BAD_MANIFEST' });
    assert.throws(() => parse({ schemaVersion: 1 }), { code: 'E_UNSUPPORTED_MEDIA_TYPE' });
    assert.throws(() => parse({ ...manifest, mediaType: 'application/x' }), { code: 'E_UNSUPPORTED_MEDIA_TYPE' });
  });

  it('have configs with a platform and digests of layers', async () => {
    const { config } = await sampleImage();
    const parse = (json: unknown) => parseImageConfig(Buffer.from(JSON.stringify(json)), 'it');
    assert.deepEqual(parse(config), config);
    for (const bad of [
      {},
      { ...config, os: 1 },
      { ...config, rootfs: null },
      { ...config, rootfs: { diff_ids: ['x'] } },
    ]) {
      assert.throws(() => parse(bad), { code: 'E_BAD_MANIFEST' });
    }
  });
});

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createLayout, digestOf, openLayout } from '@varve/oci';
import { chunksOf, findProgram, noise, runProgram, sampleImage } from '@varve/oci/testing';
import { gathered, storeSample, temporaryFolder } from './support.js';

describe('layout', () => {
  it('is made, filled and read again', async t => {
    const dir = await temporaryFolder(t);
    const image = await sampleImage();
    await storeSample(await createLayout(join(dir, 'l')), image, 'docker.io/library/sample:1');
    const layout = await openLayout(join(dir, 'l'));
    assert.deepEqual(
      (await layout.images()).map(({ name, descriptor }) => [name, descriptor.digest]),
      [['docker.io/library/sample:1', image.descriptor.digest]],
    );
    for (const name of [undefined, '1', 'sample:1', image.descriptor.digest]) {
      assert.equal((await layout.find(name)).descriptor.digest, image.descriptor.digest);
    }
    const { json } = await layout.manifest(image.descriptor);
    assert.deepEqual(json, image.manifest);
    for (const [digest, bytes] of image.blobs) {
      assert.deepEqual(
        await gathered(layout.blob({ mediaType: '', digest, size: bytes.byteLength })),
        Buffer.from(bytes),
      );
    }
  });

  it('replaces the image of a name and keeps the others', async t => {
    const layout = await createLayout(await temporaryFolder(t));
    const [one, two, three] = [{ a: '1' }, { a: '2' }, { a: '3' }].map(file => sampleImage({ layers: [file] }));
    await storeSample(layout, await (one ?? sampleImage()), 'a:1');
    await storeSample(layout, await (two ?? sampleImage()), 'b:1');
    await storeSample(layout, await (three ?? sampleImage()), 'a:1');
    const names = (await layout.images()).map(({ name }) => name);
    assert.deepEqual(names, ['docker.io/library/b:1', 'docker.io/library/a:1']);
    assert.equal((await layout.find('a:1')).descriptor.digest, (await three)?.descriptor.digest);
    await assert.rejects(layout.find(), { code: 'E_IMAGE_UNKNOWN' });
    await assert.rejects(layout.find('c:1'), { code: 'E_IMAGE_UNKNOWN', hint: /library\/a:1/ });
    const { digest = '' } = (await three)?.descriptor ?? {};
    assert.equal((await layout.find(`a:1@${digest}`)).descriptor.digest, digest);
    await assert.rejects(layout.find(`a:1@${digestOf('other')}`), { code: 'E_IMAGE_UNKNOWN' });
    await assert.rejects(layout.find(`c:1@${digest}`), { code: 'E_IMAGE_UNKNOWN' });
  });

  it('keeps all of many entries written at once', async t => {
    const layout = await createLayout(await temporaryFolder(t));
    const image = await sampleImage();
    await Promise.all(Array.from({ length: 20 }, (_, at) => storeSample(layout, image, `n${at}:1`)));
    assert.equal((await layout.images()).length, 20);
  });

  it('keeps nothing of a blob that is not what was announced', async t => {
    const layout = await createLayout(await temporaryFolder(t));
    const bytes = noise(300_000);
    const expected = { digest: digestOf(bytes), size: bytes.byteLength };
    await assert.rejects(layout.writeBlob(chunksOf(bytes.subarray(1)), expected), { code: 'E_SIZE_MISMATCH' });
    await assert.rejects(layout.writeBlob(chunksOf(noise(300_000, 'x')), expected), { code: 'E_DIGEST_MISMATCH' });
    await assert.rejects(layout.writeBlob(chunksOf(noise(400_000)), expected), { code: 'E_SIZE_MISMATCH' });
    assert.deepEqual(await readdir(join(layout.dir, 'blobs/sha256')), []);
    assert.deepEqual((await readdir(layout.dir)).sort(), ['blobs', 'index.json', 'oci-layout']);
    assert.equal(await layout.hasBlob(expected), false);
    assert.deepEqual(await layout.writeBlob(chunksOf(bytes), expected), expected);
    assert.equal(await layout.hasBlob(expected), true);
  });

  it('notices a blob that was damaged at rest', async t => {
    const layout = await createLayout(await temporaryFolder(t));
    const bytes = noise(10_000);
    const descriptor = { mediaType: '', ...(await layout.writeBytes(bytes)) };
    await writeFile(layout.blobPath(descriptor.digest), noise(10_000, 'x'));
    await assert.rejects(gathered(layout.blob(descriptor)), { code: 'E_DIGEST_MISMATCH' });
    await writeFile(layout.blobPath(descriptor.digest), noise(9_000));
    await assert.rejects(gathered(layout.blob(descriptor)), { code: 'E_SIZE_MISMATCH' });
  });

  it('refuses what is no layout', async t => {
    const dir = await temporaryFolder(t);
    await assert.rejects(openLayout(dir), { code: 'E_BAD_LAYOUT' });
    await assert.rejects(openLayout(join(dir, 'none')), { code: 'E_BAD_LAYOUT' });
    await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"9.0.0"}');
    await assert.rejects(openLayout(dir), { code: 'E_BAD_LAYOUT' });
  });

  it('is taken by skopeo and umoci', { skip: programsMissing('skopeo', 'umoci') }, async t => {
    const dir = await temporaryFolder(t);
    const layout = await createLayout(join(dir, 'l'));
    await storeSample(layout, await sampleImage(), 'sample:1');
    const inspected = await runProgram(['skopeo', 'inspect', `oci:${layout.dir}:1`]);
    assert.equal(inspected.code, 0, inspected.stderr);
    const unpacked = await runProgram(['umoci', 'unpack', '--rootless', '--image', `${layout.dir}:1`, join(dir, 'b')]);
    assert.equal(unpacked.code, 0, unpacked.stderr);
    assert.equal(await readFile(join(dir, 'b/rootfs/hello.txt'), 'utf8'), 'hello\n');
  });
});

function programsMissing(...names: readonly string[]): string | false {
  const missing = names.filter(name => findProgram(name) === undefined);
  return missing.length === 0 ? false : `${missing.join(', ')} not installed`;
}

import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  collectContent,
  type ImageStore,
  parseImageConfig,
  readDockerArchive,
  readImageArchive,
  readLayoutTar,
  readSmallBlob,
  writeDockerArchive,
  writeFileAtomic,
  writeLayoutTar,
} from '@varve/oci';
import { findProgram, noise, runProgram, type SampleImage, sampleImage, sampleIndex } from '@varve/oci/testing';
import { gathered, temporaryFolder } from './support.js';

const layers = [{ 'a.txt': 'a' }, { 'noise.bin': noise(2_500_001) }, { 'a.txt': 'a' }];

/** `docker load` needs a daemon: test/loaders has one. */
const unable = await cannotLoadInPodman();

describe('layout tar', () => {
  it('is the same twice and gives back what was written', async t => {
    const dir = await temporaryFolder(t);
    const image = await sampleImage({ layers });
    const write = () => gathered(writeLayoutTar([{ descriptor: image.descriptor, name: 'sample:1' }], image.reader));
    const bytes = await write();
    assert.deepEqual(await write(), bytes);
    await writeFile(join(dir, 'x.tar'), bytes);
    await sameImage(await readLayoutTar(join(dir, 'x.tar')), image, 'sample:1');
  });

  it('is read from a stream and from gzip, and leaves no temporary file', async t => {
    const tmp = await temporaryFolder(t);
    const dir = await temporaryFolder(t);
    const image = await sampleImage();
    const bytes = await gathered(writeLayoutTar([{ descriptor: image.descriptor, name: '1' }], image.reader));
    await writeFile(join(dir, 'x.tgz'), gzipSync(bytes));
    await sameImage(await readImageArchive(join(dir, 'x.tgz'), { tmp }), image, '1');
    await sameImage(await readImageArchive(createReadStream(join(dir, 'x.tgz')), { tmp }), image, '1');
    assert.deepEqual(await readdir(tmp), []);
  });

  it('holds an index with all its platforms', async t => {
    const dir = await temporaryFolder(t);
    const arm = await sampleImage({ platform: { os: 'linux', architecture: 'arm64' } });
    const index = sampleIndex([await sampleImage(), arm]);
    await writeFileAtomic(
      join(dir, 'x.tar'),
      writeLayoutTar([{ descriptor: index.descriptor, name: 'm:1' }], index.reader),
    );
    const store = await readLayoutTar(join(dir, 'x.tar'));
    const graph = await collectContent((await store.find('m:1')).descriptor, store);
    assert.equal(graph.manifests.length, 3);
    for (const blob of graph.blobs) await gathered(store.blob(blob));
    await store.close();
  });

  it('refuses what is cut off or no archive', async t => {
    const dir = await temporaryFolder(t);
    const image = await sampleImage({ layers });
    const path = join(dir, 'x.tar');
    await writeFileAtomic(path, writeLayoutTar([{ descriptor: image.descriptor }], image.reader));
    await truncate(path, 1_000_000);
    await assert.rejects(readLayoutTar(path), { code: 'E_BAD_ARCHIVE' });
    await writeFile(path, noise(5000));
    await assert.rejects(readImageArchive(path), { code: 'E_BAD_ARCHIVE' });
    await assert.rejects(readImageArchive(join(dir, 'none')), { code: 'E_BAD_ARCHIVE' });
    const tmp = join(dir, 'tmp');
    await mkdir(tmp);
    for (const bytes of [Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), gzipSync(noise(5000)), gzipSync(Buffer.alloc(0))]) {
      await writeFile(path, bytes);
      await assert.rejects(readImageArchive(path, { tmp }), { code: 'E_BAD_ARCHIVE' });
      await assert.rejects(readImageArchive(createReadStream(path), { tmp }), { code: 'E_BAD_ARCHIVE' });
    }
    assert.deepEqual(await readdir(tmp), []);
  });

  it('is taken by skopeo', { skip: missing('skopeo') }, async t => {
    const dir = await temporaryFolder(t);
    const image = await sampleImage();
    await writeFileAtomic(
      join(dir, 'x.tar'),
      writeLayoutTar([{ descriptor: image.descriptor, name: 's:1' }], image.reader),
    );
    const { code, stderr } = await runProgram(['skopeo', 'inspect', `oci-archive:${join(dir, 'x.tar')}`]);
    assert.equal(code, 0, stderr);
  });
});

describe('docker archive', () => {
  for (const compression of ['gzip', 'none'] as const) {
    it(`gives back what was written (${compression})`, async t => {
      const dir = await temporaryFolder(t);
      const image = await sampleImage({ layers, compression });
      const write = () =>
        gathered(writeDockerArchive([{ descriptor: image.descriptor, names: ['sample:1'] }], image.reader));
      const bytes = await write();
      assert.deepEqual(await write(), bytes);
      await writeFile(join(dir, 'x.tar'), bytes);
      const store = await readDockerArchive(join(dir, 'x.tar'));
      await sameImage(store, image, 'sample:1');
    });
  }

  it('unpacks layers on demand', async t => {
    const dir = await temporaryFolder(t);
    const packed = await sampleImage({ layers, compression: 'gzip' });
    const plain = await sampleImage({ layers, compression: 'none' });
    const archive = (image: SampleImage, unpack: boolean) =>
      gathered(
        writeDockerArchive([{ descriptor: image.descriptor, names: ['s:1'] }], image.reader, {
          unpack: compression => unpack && compression !== 'none',
        }),
      );
    assert.deepEqual(await archive(packed, true), await archive(plain, false));
    await writeFile(join(dir, 'x.tar'), await archive(packed, true));
  });

  it('refuses an index', async () => {
    const index = sampleIndex([await sampleImage()]);
    await assert.rejects(gathered(writeDockerArchive([{ descriptor: index.descriptor, names: [] }], index.reader)), {
      code: 'E_UNSUPPORTED_MEDIA_TYPE',
    });
  });

  it("is taken by skopeo, and skopeo's own is taken", { skip: missing('skopeo') }, async t => {
    const dir = await temporaryFolder(t);
    const image = await sampleImage({ layers });
    const [ours, theirs] = [join(dir, 'ours.tar'), join(dir, 'theirs.tar')];
    await writeFileAtomic(ours, writeDockerArchive([{ descriptor: image.descriptor, names: ['s:1'] }], image.reader));
    const { code, stderr } = await runProgram([
      'skopeo',
      '--insecure-policy',
      'copy',
      `docker-archive:${ours}`,
      `docker-archive:${theirs}:docker.io/library/t:2`,
    ]);
    assert.equal(code, 0, stderr);
    const store = await readImageArchive(theirs);
    const { descriptor } = await store.find('t:2');
    const { root, blobs } = await collectContent(descriptor, store);
    assert.ok('config' in root.json);
    const config = parseImageConfig(await readSmallBlob(root.json.config, store, 'config'), 'config');
    assert.deepEqual(config.rootfs, image.config.rootfs);
    for (const blob of blobs) await gathered(store.blob(blob));
    await store.close();
  });

  it('is loaded and saved by podman', { skip: unable }, async t => {
    const dir = await temporaryFolder(t);
    const busybox = await readFile(findProgram('busybox') ?? '');
    const name = `localhost/varve-oci-test:${process.pid}`;
    const image = await sampleImage({
      layers: [{ 'bin/busybox': busybox }, { 'hello.txt': 'hello' }],
      cmd: ['/bin/busybox', 'cat', '/hello.txt'],
    });
    const path = join(dir, 'x.tar');
    await writeFileAtomic(path, writeDockerArchive([{ descriptor: image.descriptor, names: [name] }], image.reader));
    const loaded = await runProgram(['podman', 'load', '-i', path]);
    assert.equal(loaded.code, 0, loaded.stderr);
    t.after(() => runProgram(['podman', 'rmi', '-f', name]));
    const saved = await runProgram(['podman', 'save', '-o', join(dir, 'saved.tar'), name]);
    assert.equal(saved.code, 0, saved.stderr);
    const store = await readImageArchive(join(dir, 'saved.tar'));
    const { root } = await collectContent((await store.find()).descriptor, store);
    assert.ok('config' in root.json);
    const config = parseImageConfig(await readSmallBlob(root.json.config, store, 'config'), 'config');
    assert.deepEqual(config.rootfs.diff_ids, image.config.rootfs.diff_ids);
    await store.close();
  });
});

async function sameImage(store: ImageStore, image: SampleImage, name: string): Promise<void> {
  const { descriptor } = await store.find(name);
  const { root, blobs } = await collectContent(descriptor, store);
  assert.ok('config' in root.json);
  assert.deepEqual(
    root.json.layers.map(({ digest, size }) => [digest, size]),
    image.manifest.layers.map(({ digest, size }) => [digest, size]),
  );
  for (const blob of blobs) {
    assert.deepEqual(await gathered(store.blob(blob)), Buffer.from(image.blobs.get(blob.digest) ?? []));
  }
  await store.close();
}

function missing(name: string): string | false {
  return findProgram(name) === undefined ? `${name} is not installed` : false;
}

async function cannotLoadInPodman(): Promise<string | false> {
  const absent = missing('podman') || missing('busybox');
  if (absent !== false) return absent;
  const { code } = await runProgram(['podman', 'info']);
  return code === 0 ? false : 'podman does not work here';
}

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createRegistryClient, digestOf, mediaTypes, openLayout, type RegistryClient } from '@varve/oci';
import { findProgram, runProgram } from '@varve/oci/testing';
import { dockerExporter } from '../src/export/docker.js';
import { ociExporter } from '../src/export/oci.js';
import { type BuiltSample, builtSample, exportTarget, readIndexEntries, sampleTools } from './built-sample.js';

const root = mkdtempSync(join(tmpdir(), 'varve-export-'));
const registry: RegistryClient = createRegistryClient({ retries: 0 });
const signal = new AbortController().signal;
let sample: BuiltSample;
let names = 0;
const fresh = (suffix = ''): string => join(root, `out-${names++}${suffix}`);

before(async () => {
  sample = await builtSample({ layers: [{ 'hello.txt': 'hello\n' }, { 'bin/tool': '#!/bin/sh\n' }] });
});
after(async () => {
  await registry.close();
  rmSync(root, { recursive: true, force: true });
});

describe('output type=oci', () => {
  it('writes a layout folder with a named entry for every name', async () => {
    const dest = fresh();
    const results = await ociExporter.export(
      sample.images,
      exportTarget({ dest }, 'docker.io/library/app:1', 'ghcr.io/me/app:latest'),
      sampleTools(sample, registry),
      signal,
    );
    const descriptor = sample.images.images[0].manifestDescriptor;
    const { digest } = descriptor;
    assert.deepEqual(results, [{ target: dest, digest, descriptor }]);
    assert.deepEqual(
      readIndexEntries(join(dest, 'index.json')).map(entry => [entry.digest, entry.annotations]),
      [
        [digest, { 'org.opencontainers.image.ref.name': '1', 'io.containerd.image.name': 'docker.io/library/app:1' }],
        [
          digest,
          { 'org.opencontainers.image.ref.name': 'latest', 'io.containerd.image.name': 'ghcr.io/me/app:latest' },
        ],
      ],
    );
    const layout = await openLayout(dest);
    for (const layer of sample.images.images[0].layers) assert.ok(await layout.hasBlob(layer.descriptor));
    assert.deepEqual(
      readdirSync(root).filter(name => name.startsWith('.')),
      [],
    );
  });

  it('adds to a layout that is there and replaces what had the name', async () => {
    const dest = fresh();
    const other = await builtSample({ layers: [{ x: 'x' }] });
    const tools = sampleTools(sample, registry);
    await ociExporter.export(sample.images, exportTarget({ dest }, 'app:1'), tools, signal);
    await ociExporter.export(other.images, exportTarget({ dest }, 'app:2'), sampleTools(other, registry), signal);
    await ociExporter.export(other.images, exportTarget({ dest }, 'app:1'), sampleTools(other, registry), signal);
    const digest = other.images.images[0].manifestDescriptor.digest;
    assert.deepEqual(
      readIndexEntries(join(dest, 'index.json')).map(entry => entry.digest),
      [digest, digest],
    );
  });

  it('writes the same tar twice, which skopeo and umoci read', { skip: !findProgram('skopeo') }, async () => {
    const [one, two, copy] = [fresh('.tar'), fresh('.tar'), fresh()];
    for (const dest of [one, two])
      await ociExporter.export(sample.images, exportTarget({ dest }, 'app:1'), sampleTools(sample, registry), signal);
    assert.ok(readFileSync(one).equals(readFileSync(two)));
    const inspected = await runProgram(['skopeo', 'inspect', `oci-archive:${one}:1`]);
    assert.equal(inspected.code, 0, inspected.stderr);
    assert.equal(JSON.parse(inspected.stdout).Digest, sample.images.images[0].manifestDescriptor.digest);
    if (!findProgram('umoci')) return;
    await ociExporter.export(
      sample.images,
      exportTarget({ dest: copy }, 'app:1'),
      sampleTools(sample, registry),
      signal,
    );
    const unpacked = await runProgram(['umoci', 'unpack', '--rootless', '--image', `${copy}:1`, join(root, 'bundle')]);
    assert.equal(unpacked.code, 0, unpacked.stderr);
    assert.equal(readFileSync(join(root, 'bundle/rootfs/hello.txt'), 'utf8'), 'hello\n');
  });

  it('writes an index over several platforms', async () => {
    const dest = fresh();
    const both = await builtSample(
      { platform: { os: 'linux', architecture: 'amd64' } },
      { platform: { os: 'linux', architecture: 'arm64' }, layers: [{ arm: 'y' }] },
    );
    await ociExporter.export(both.images, exportTarget({ dest }, 'app:1'), sampleTools(both, registry), signal);
    const [entry] = readIndexEntries(join(dest, 'index.json'));
    assert.equal(entry?.mediaType, mediaTypes.ociIndex);
    const layout = await openLayout(dest);
    for (const image of both.images.images) assert.ok(await layout.hasBlob(image.manifestDescriptor));
  });

  it('translates media types with oci-mediatypes=false', async () => {
    const dest = fresh();
    const [result] = await ociExporter.export(
      sample.images,
      exportTarget({ dest, 'oci-mediatypes': 'false' }, 'app:1'),
      sampleTools(sample, registry),
      signal,
    );
    const [entry] = readIndexEntries(join(dest, 'index.json'));
    assert.equal(entry?.mediaType, mediaTypes.dockerManifest);
    assert.equal(entry?.digest, result?.digest);
    const bytes = readFileSync(new URL(`file://${(await openLayout(dest)).blobPath(entry.digest)}`));
    assert.equal(digestOf(bytes), entry.digest);
    assert.equal(JSON.parse(bytes.toString()).layers[0].mediaType, mediaTypes.dockerLayerGzip);
  });

  it('leaves nothing behind when a blob cannot be had', async () => {
    const broken = { ...sample, blobs: new Map() };
    for (const dest of [fresh(), fresh('.tar')]) {
      const tools = sampleTools(broken, registry);
      await assert.rejects(ociExporter.export(sample.images, exportTarget({ dest }), tools, signal), /no blob/);
      assert.ok(!existsSync(dest));
    }
    const empty = fresh();
    mkdirSync(empty);
    await assert.rejects(
      ociExporter.export(sample.images, exportTarget({ dest: empty }), sampleTools(broken, registry), signal),
    );
    assert.deepEqual(readdirSync(empty), []);
    assert.deepEqual(
      readdirSync(root).filter(name => name.startsWith('.')),
      [],
    );
  });

  it('stops when it is told to', async () => {
    const stop = AbortSignal.abort(new Error('stopped'));
    const dest = fresh('.tar');
    await assert.rejects(
      ociExporter.export(sample.images, exportTarget({ dest }), sampleTools(sample, registry), stop),
      /stopped/,
    );
    assert.ok(!existsSync(dest));
  });

  it('refuses wrong attributes before the build', () => {
    const full = fresh();
    mkdirSync(full);
    writeFileSync(join(full, 'letter'), 'mine');
    const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
      [{}, /needs dest=PATH/],
      [{ dset: '/x', dest: '/x' }, /no attribute dset/],
      [{ dest: '/x', tar: 'maybe' }, /tar=maybe is neither true nor false/],
      [{ dest: '/x', compression: 'zstd' }, /no attribute compression/],
      [{ dest: full }, /has other things in it/],
      [{ dest: full, tar: 'true' }, /is a folder/],
      [{ dest: '-', tar: 'false' }, /standard output/],
      [{ dest: join(full, 'letter') }, /is a file/],
    ];
    for (const [attributes, message] of cases)
      assert.throws(() => ociExporter.check(exportTarget(attributes)), { code: 'E_OUTPUT_INVALID', message });
    assert.throws(() => ociExporter.check(exportTarget({ dset: 'x' })), { hint: 'did you mean dest?' });
    ociExporter.check(exportTarget({ dest: '/x.tar', 'oci-mediatypes': '1', name: 'a' }));
  });
});

describe('output type=docker', () => {
  it('writes an archive that skopeo reads under its names', { skip: !findProgram('skopeo') }, async () => {
    const dest = fresh('.tar');
    await dockerExporter.export(
      sample.images,
      exportTarget({ dest }, 'docker.io/library/app:1'),
      sampleTools(sample, registry),
      signal,
    );
    const listed = await runProgram(['tar', '-xOf', dest, 'manifest.json']);
    assert.deepEqual(JSON.parse(listed.stdout)[0].RepoTags, ['app:1']);
    const inspected = await runProgram(['skopeo', 'inspect', '--config', `docker-archive:${dest}`]);
    assert.equal(inspected.code, 0, inspected.stderr);
    assert.deepEqual(JSON.parse(inspected.stdout).rootfs.diff_ids, sample.images.images[0].config.rootfs.diff_ids);
  });

  it('refuses several platforms', async () => {
    const both = await builtSample({}, { platform: { os: 'linux', architecture: 'arm64' } });
    await assert.rejects(
      dockerExporter.export(both.images, exportTarget({ dest: fresh() }), sampleTools(both, registry), signal),
      { code: 'E_EXPORT' },
    );
  });

  it('says what keeps it from writing', async () => {
    const file = fresh();
    writeFileSync(file, '');
    const dest = join(file, 'x.tar');
    await assert.rejects(
      dockerExporter.export(sample.images, exportTarget({ dest }), sampleTools(sample, registry), signal),
      { code: 'E_EXPORT' },
    );
  });
});

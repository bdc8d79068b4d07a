import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import {
  createRegistryClient,
  type Descriptor,
  digestOf,
  type Index,
  mediaTypes,
  openLayout,
  parseReference,
  type RegistryClient,
} from '@varve/oci';
import { type MemoryRegistry, startRegistry } from '@varve/oci/testing';
import type { Annotation } from '../src/model/annotation.js';
import { Workshop } from './build-support.js';

const dockerfile = 'FROM scratch\nCOPY .keep /\n';
const platforms = ['linux/amd64', 'linux/arm64'];
const on = (target: Annotation['on'], name: string, platform?: string): Annotation => ({
  on: target,
  name,
  value: target,
  ...(platform === undefined ? {} : { platform }),
});

const client: RegistryClient = createRegistryClient();
let registry: MemoryRegistry;
before(async () => {
  registry = await startRegistry();
});
after(async () => {
  await client.close();
  await registry.close();
});

/** What stands at each level of a layout's only image: in the index's entry, the index, its entries, the manifests. */
async function annotationsIn(dir: string) {
  const layout = await openLayout(dir);
  const { descriptor } = await layout.find();
  const { json, bytes } = await layout.manifest(descriptor);
  assert.equal(digestOf(bytes), descriptor.digest);
  if (descriptor.mediaType !== mediaTypes.ociIndex)
    return { entry: descriptor.annotations, manifest: json.annotations };
  const { manifests } = json as Index;
  const below = await Promise.all(manifests.map(each => layout.manifest(each as Descriptor)));
  return {
    entry: descriptor.annotations,
    index: json.annotations,
    entries: manifests.map(({ annotations }) => annotations),
    manifests: below.map(each => each.json.annotations),
  };
}

describe('annotations', () => {
  it('stand where buildx puts them', async () => {
    const shop = new Workshop();
    const annotations = [
      on('manifest', 'a'),
      on('manifest', 'b', 'linux/arm64'),
      on('index', 'c'),
      on('manifest-descriptor', 'd', 'linux/amd64'),
      on('index-descriptor', 'e'),
    ];
    const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
    const result = await shop.build(dockerfile, { platforms, annotations, outputs });
    assert.deepEqual(await annotationsIn(shop.path('out')), {
      entry: { e: 'index-descriptor' },
      index: { c: 'index' },
      entries: [{ d: 'manifest-descriptor' }, undefined],
      manifests: [{ a: 'manifest' }, { a: 'manifest', b: 'manifest' }],
    });
    assert.deepEqual(
      result.exports.map(({ digest }) => digest),
      [result.digest],
    );
  });

  it('of an output are on that output alone, above those of all', async () => {
    const shop = new Workshop();
    const own = { 'annotation.a': 'own', 'annotation-manifest-descriptor[linux/amd64].d': 'own' };
    const outputs = [
      { type: 'oci', attributes: { dest: 'plain' } },
      { type: 'oci', attributes: { dest: 'own', ...own } },
      { type: 'registry', attributes: { name: `${registry.host}/app:1`, 'annotation.pushed': 'yes' } },
    ];
    const settings = { platforms: ['linux/amd64'], annotations: [on('manifest', 'a'), on('manifest', 'b')], outputs };
    const result = await shop.build(dockerfile, { ...settings, metadataFile: 'meta' });
    assert.deepEqual(await annotationsIn(shop.path('plain')), {
      entry: undefined,
      manifest: { a: 'manifest', b: 'manifest' },
    });
    assert.deepEqual(await annotationsIn(shop.path('own')), {
      entry: { d: 'own' },
      manifest: { a: 'own', b: 'manifest' },
    });
    const pushed = await client.manifest(parseReference(`${registry.host}/app:1`));
    assert.deepEqual(pushed.json.annotations, { a: 'manifest', b: 'manifest', pushed: 'yes' });
    assert.equal(result.digest, pushed.descriptor.digest);
    const metadata = JSON.parse(readFileSync(shop.path('meta'), 'utf8'));
    assert.equal(metadata['containerimage.digest'], pushed.descriptor.digest);
    assert.deepEqual(metadata['containerimage.descriptor'], pushed.descriptor);
  });

  it('are in what the store keeps', async () => {
    const shop = new Workshop();
    const result = await shop.build(dockerfile, { annotations: [on('manifest', 'a')] });
    assert.equal(result.keptAs, 'latest');
    assert.deepEqual((await annotationsIn(shop.store)).manifest, { a: 'manifest' });
  });

  it('are refused before anything is built where there is no room for them', async () => {
    const shop = new Workshop();
    const output = (type: string, attributes: Readonly<Record<string, string>>) => ({
      outputs: [{ type, attributes: { dest: 'out', ...attributes } }],
    });
    const wrong: readonly (readonly [Parameters<Workshop['build']>[1], RegExp])[] = [
      [{ annotations: [on('index', 'a')] }, /one platform has none/],
      [{ annotations: [on('manifest', 'a', 'linux/s390x')], platforms }, /linux\/s390x, which is not built/],
      [output('local', { 'annotation.a': 'b' }), /type=local holds no manifest/],
      [output('docker', { 'annotation.a': 'b' }), /type=docker holds no manifest/],
      [output('oci', { 'annotation-index.a': 'b' }), /one platform has none/],
      [output('oci', { 'annotation-config.a': 'b' }), /no attribute annotation-config\.a/],
      [output('oci', { 'annotation.a': 'b', 'oci-mediatypes': 'false' }), /Docker's media types have no annotations/],
      [
        { ...output('oci', { 'oci-mediatypes': 'false' }), annotations: [on('manifest', 'a')] },
        /Docker's media types have no annotations/,
      ],
    ];
    for (const [more, message] of wrong)
      await assert.rejects(shop.build(dockerfile, more), { code: 'E_OUTPUT_INVALID', message });
  });
});

describe('what is pushed', () => {
  it("has its own digest with Docker's media types, and the build says that one", async () => {
    const shop = new Workshop();
    const outputs = [
      { type: 'oci', attributes: { dest: 'out' } },
      { type: 'registry', attributes: { 'oci-mediatypes': 'false' } },
    ];
    const result = await shop.build(dockerfile, { outputs, tags: [`${registry.host}/docker:1`] });
    const pushed = await client.resolve(parseReference(`${registry.host}/docker:1`));
    assert.equal(pushed.mediaType, mediaTypes.dockerManifest);
    assert.equal(result.digest, pushed.digest);
    assert.notEqual(result.exports.find(({ exporter }) => exporter === 'oci')?.digest, pushed.digest);
  });

  it('is what was written, where nothing was pushed and all that was written is one', async () => {
    const shop = new Workshop();
    const layout = (dest: string, types: string) => ({ type: 'oci', attributes: { dest, 'oci-mediatypes': types } });
    const one = await shop.build(dockerfile, { outputs: [layout('a', 'false'), layout('b', 'false')] });
    assert.deepEqual([...new Set(one.exports.map(({ digest }) => digest))], [one.digest]);
    assert.notEqual(one.digest, one.images.images[0].manifestDescriptor.digest);
    const two = await shop.build(dockerfile, { outputs: [layout('c', 'false'), layout('d', 'true')] });
    assert.equal(two.digest, two.images.images[0].manifestDescriptor.digest);
  });

  it('is what -t names, beside an output with names of its own', async () => {
    const shop = new Workshop();
    const outputs = [{ type: 'registry', attributes: { name: `${registry.host}/own:1` } }];
    const result = await shop.build(dockerfile, { outputs, tags: [`${registry.host}/tagged:1`], push: true });
    for (const name of ['own', 'tagged'])
      assert.equal((await client.resolve(parseReference(`${registry.host}/${name}:1`))).digest, result.digest);
  });
});

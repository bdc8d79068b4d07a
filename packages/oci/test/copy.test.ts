import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  copyImage,
  createLayout,
  createRegistryClient,
  isIndex,
  isIndexJson,
  mediaTypes,
  parseReference,
  type RequestInfo,
  readDockerArchive,
  readLayoutTar,
} from '@varve/oci';
import { noise, sampleImage, sampleIndex, startFaultProxy, startRegistry } from '@varve/oci/testing';
import { gathered, temporaryFolder } from './support.js';

type After = { after(fn: () => Promise<void>): void };

async function setUp(t: After) {
  const registry = await startRegistry();
  const requests: RequestInfo[] = [];
  const client = createRegistryClient({ onRequest: info => requests.push(info), retryDelay: 5 });
  t.after(async () => {
    await client.close();
    await registry.close();
  });
  const amd = await sampleImage({ layers: [{ 'a.txt': 'a' }, { 'b.bin': noise(900_000) }] });
  const arm = await sampleImage({ platform: { os: 'linux', architecture: 'arm64' }, layers: [{ 'a.txt': 'a' }] });
  const index = sampleIndex([amd, arm]);
  const first = parseReference(`${registry.host}/first:1`);
  const content = { kind: 'content', reader: index.reader, root: index.descriptor } as const;
  await copyImage({ from: content, to: { kind: 'registry', client, references: [first] } });
  const from = { kind: 'registry', client, reference: first } as const;
  return { registry, client, requests, amd, arm, index, first, from };
}

describe('copyImage', () => {
  it('goes all the way round: registry, layout, tar, registry', async t => {
    const { client, registry, index, from } = await setUp(t);
    const dir = await temporaryFolder(t);
    const layout = await createLayout(join(dir, 'l'));
    const names = ['first:1', 'first:2'];
    await copyImage({ from, to: { kind: 'layout', layout, names } });
    const tar = { kind: 'layout-tar', path: join(dir, 'x.tar'), names: ['3'] } as const;
    await copyImage({ from: { kind: 'store', store: layout, name: 'first:2' }, to: tar });
    const store = await readLayoutTar(tar.path);
    const references = ['a', 'b'].map(tag => parseReference(`${registry.host}/last:${tag}`));
    const result = await copyImage({ from: { kind: 'store', store }, to: { kind: 'registry', client, references } });
    await store.close();
    assert.equal(result.root.digest, index.descriptor.digest);
    for (const reference of references) assert.equal((await client.resolve(reference)).digest, index.descriptor.digest);
    const again = await copyImage({ from, to: { kind: 'layout', layout, names } });
    assert.equal(again.moved, 0);
  });

  it('takes one platform of an index, and says which there are', async t => {
    const { arm, from } = await setUp(t);
    const layout = await createLayout(await temporaryFolder(t));
    const to = { kind: 'layout', layout } as const;
    const { root } = await copyImage({ from, to, platform: { os: 'linux', architecture: 'arm64' } });
    assert.equal(root.digest, arm.descriptor.digest);
    await assert.rejects(copyImage({ from, to, platform: { os: 'linux', architecture: 's390x' } }), {
      code: 'E_PLATFORM_MISMATCH',
      message: /linux\/amd64, linux\/arm64/,
    });
  });

  it('mounts within one registry and moves nothing', async t => {
    const { client, registry, requests, from, index } = await setUp(t);
    requests.length = 0;
    const references = [parseReference(`${registry.host}/second:1`)];
    const result = await copyImage({ from, to: { kind: 'registry', client, references } });
    assert.equal(result.moved, 0);
    assert.equal(
      requests.some(({ method, path }) => method === 'PATCH' || (method === 'PUT' && path.includes('/blobs/'))),
      false,
    );
    assert.equal((await client.resolve(parseReference(`${registry.host}/second:1`))).digest, index.descriptor.digest);
  });

  it('serves several registries at once, and sends a blob once to each', async t => {
    const { client, requests, registry, amd, index } = await setUp(t);
    const other = await startRegistry();
    t.after(other.close);
    const [one, two] = [await sampleImage({ layers: [{ only: 'one' }] }), registry.host];
    const content = { kind: 'content', reader: sampleIndex([one, amd]).reader, root: one.descriptor } as const;
    requests.length = 0;
    const names = [`${two}/a:1`, `${two}/b:1`, `${two}/b:2`, `${other.host}/a:1`, `${other.host}/c/d:3`];
    const references = names.map(parseReference);
    const seen: string[] = [];
    const result = await copyImage({
      from: content,
      to: { kind: 'registry', client, references },
      onProgress: ({ repository, state }) => {
        if (state !== 'started' && state !== 'moving') seen.push(`${repository?.registry} ${state}`);
      },
    });
    for (const reference of references) assert.equal((await client.resolve(reference)).digest, one.descriptor.digest);
    const sent = requests.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/uploads/'));
    assert.deepEqual(sent.map(({ host }) => host).sort(), [two, two, other.host, other.host].sort());
    assert.deepEqual([result.moved, result.skipped], [4, 4]);
    const expected = [two, other.host].flatMap(host =>
      ['done', 'done', 'mounted', 'mounted'].map(state => `${host} ${state}`),
    );
    assert.deepEqual(seen.sort(), expected.sort());
    assert.notEqual(index.descriptor.digest, one.descriptor.digest);
  });

  it('leaves no name anywhere where one registry fails', async t => {
    const { client, from, registry } = await setUp(t);
    const closed = await startRegistry({ auth: { kind: 'basic', username: 'a', password: 'b' } });
    t.after(closed.close);
    const references = [`${registry.host}/new:1`, `${closed.host}/new:1`].map(parseReference);
    await assert.rejects(copyImage({ from, to: { kind: 'registry', client, references } }), { code: 'E_UNAUTHORIZED' });
    await assert.rejects(client.resolve(parseReference(`${registry.host}/new:1`)), { code: 'E_MANIFEST_UNKNOWN' });
    const picky = await startFaultProxy(registry.host, [
      { kind: 'before', run: () => new Promise(resolve => setTimeout(resolve, 100)), method: 'PUT', path: /manifests/ },
      { kind: 'status', status: 400, method: 'PUT', path: /manifests/ },
    ]);
    t.after(picky.close);
    const both = [`${registry.host}/new:1`, `${picky.host}/picky:1`].map(parseReference);
    await assert.rejects(copyImage({ from, to: { kind: 'registry', client, references: both } }), { status: 400 });
    await assert.rejects(client.resolve(parseReference(`${registry.host}/new:1`)), { code: 'E_MANIFEST_UNKNOWN' });
  });

  it('takes no image of another platform for the one that is asked for', async t => {
    const { client, registry, arm } = await setUp(t);
    const reference = parseReference(`${registry.host}/first@${arm.descriptor.digest}`);
    const layout = await createLayout(await temporaryFolder(t));
    const copy = (architecture: string) =>
      copyImage({
        from: { kind: 'registry', client, reference },
        to: { kind: 'layout', layout },
        platform: { os: 'linux', architecture },
      });
    await assert.rejects(copy('amd64'), { code: 'E_PLATFORM_MISMATCH', message: /linux\/arm64/ });
    assert.equal((await copy('arm64')).root.digest, arm.descriptor.digest);
  });

  it('makes a docker archive of one platform', async t => {
    const { amd, from } = await setUp(t);
    const path = join(await temporaryFolder(t), 'x.tar');
    const to = { kind: 'docker-archive', path, names: ['first:1'] } as const;
    await copyImage({ from, to, platform: { os: 'linux', architecture: 'amd64' } });
    const store = await readDockerArchive(path);
    const { json } = await store.manifest((await store.find('first:1')).descriptor);
    assert.ok(!isIndexJson(json));
    for (const layer of json.layers) {
      assert.deepEqual(await gathered(store.blob(layer)), Buffer.from(amd.blobs.get(layer.digest) ?? []));
    }
    await store.close();
    await assert.rejects(copyImage({ from, to }), { code: 'E_UNSUPPORTED_MEDIA_TYPE' });
  });

  it("changes an index to Docker's media types and back", async t => {
    const { client, registry, index, from } = await setUp(t);
    const references = [parseReference(`${registry.host}/docker:1`)];
    const { root } = await copyImage({ from, to: { kind: 'registry', client, references }, format: 'docker' });
    assert.equal(root.mediaType, mediaTypes.dockerIndex);
    const image = await client.image(parseReference(`${registry.host}/docker:1`), {
      os: 'linux',
      architecture: 'arm64',
    });
    assert.equal(image.manifest.mediaType, mediaTypes.dockerManifest);
    assert.equal(image.manifest.layers[0]?.mediaType, mediaTypes.dockerLayerGzip);
    const layout = await createLayout(await temporaryFolder(t));
    const docker = { kind: 'registry', client, reference: parseReference(`${registry.host}/docker:1`) } as const;
    const back = await copyImage({ from: docker, to: { kind: 'layout', layout }, format: 'oci' });
    assert.equal(back.root.digest, index.descriptor.digest);
    assert.ok(isIndex(back.root.mediaType));
  });

  it('stores nothing under a name when a blob is damaged', async t => {
    const { registry, amd, from } = await setUp(t);
    const layer = amd.manifest.layers[1];
    assert.ok(layer);
    const damaged = Buffer.from(amd.blobs.get(layer.digest) ?? []);
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    registry.state.blobs.set(layer.digest, damaged);
    const layout = await createLayout(await temporaryFolder(t));
    await assert.rejects(copyImage({ from, to: { kind: 'layout', layout, names: ['x:1'] } }), {
      code: 'E_DIGEST_MISMATCH',
    });
    assert.deepEqual(await layout.images(), []);
    assert.equal(await layout.hasBlob(layer), false);
  });

  it('ends with the signal', async t => {
    const { from } = await setUp(t);
    const layout = await createLayout(await temporaryFolder(t));
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(copyImage({ from, to: { kind: 'layout', layout }, signal }), error => error === reason);
  });
});

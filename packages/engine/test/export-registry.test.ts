import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createRegistryClient, mediaTypes, parseReference, type RegistryClient, type RequestInfo } from '@varve/oci';
import { type DockerRegistry, startDockerRegistry } from '@varve/oci/testing';
import { registryExporter } from '../src/export/registry.js';
import type { Layer } from '../src/model/layer.js';
import type { BegunExport } from '../src/plugin/exporter.js';
import { type BuiltSample, builtSample, exportTarget, sampleTools } from './built-sample.js';

const signal = new AbortController().signal;
const requests: RequestInfo[] = [];
const client: RegistryClient = createRegistryClient({ retries: 0, onRequest: info => requests.push(info) });
const started = await startDockerRegistry();
const skip = 'missing' in started ? started.missing : false;
const server = started as DockerRegistry;
let sample: BuiltSample;

before(async () => {
  sample = await builtSample({ layers: [{ one: '1' }, { two: '2' }] });
});
after(async () => {
  await client.close();
  if (!skip) await server.close();
});

const sent = (method: string): readonly string[] =>
  requests.filter(info => info.method === method).map(info => info.path);

describe('output type=registry', { skip }, () => {
  it('pushes under every name and sends a blob once to a registry', async () => {
    const names = ['app:1', 'app:2', 'other/app'].map(name => `${server.host}/${name}`);
    const tools = sampleTools(sample, client);
    const results = await registryExporter.export(sample.images, exportTarget({}, ...names), tools, signal);
    const { digest } = sample.images.images[0].manifestDescriptor;
    assert.deepEqual(
      results.map(each => ({ target: each.target, digest: each.digest })),
      [
        { target: `${server.host}/app:1`, digest },
        { target: `${server.host}/app:2`, digest },
        { target: `${server.host}/other/app:latest`, digest },
      ],
    );
    for (const name of names)
      assert.equal(
        (await client.resolve(parseReference(name.includes('other') ? `${name}:latest` : name))).digest,
        digest,
      );
    const layers = sample.images.images[0].layers.map(({ descriptor }) => descriptor.digest);
    assert.deepEqual([...tools.read].sort(), [...layers].sort());
    const ends = tools.reports.filter(({ done }) => done);
    assert.deepEqual(ends.map(({ what }) => what).sort(), [`${server.host}/app`, `${server.host}/other/app`]);
    assert.ok(ends.every(({ current, total }) => current === total));
  });

  it('reads and sends nothing that is there', async () => {
    requests.length = 0;
    const tools = sampleTools(sample, client);
    await registryExporter.export(sample.images, exportTarget({}, `${server.host}/app:1`), tools, signal);
    assert.deepEqual(tools.read, []);
    assert.deepEqual(sent('POST'), []);
    assert.deepEqual(sent('PATCH'), []);
  });

  it('mounts what another repository of the registry has', async () => {
    requests.length = 0;
    const tools = sampleTools(sample, client, () => 'app');
    await registryExporter.export(sample.images, exportTarget({}, `${server.host}/third:1`), tools, signal);
    assert.deepEqual(tools.read, []);
    const image = await client.image(parseReference(`${server.host}/third:1`), { os: 'linux', architecture: 'amd64' });
    assert.equal(image.manifest.layers.length, 2);
  });

  it('sends layers that it is told of before the images are finished, and then only what is left', async () => {
    const fresh = await builtSample({ layers: [{ early: '1' }, { late: '2' }] });
    const [image] = fresh.images.images;
    const [early, late] = image.layers as [Layer, Layer];
    const tools = sampleTools(fresh, client);
    const name = `${server.host}/early:1`;
    const begun = registryExporter.begin?.(exportTarget({}, name), tools, signal) as BegunExport;
    begun.layer(early);
    begun.layer(early);
    // Docker's registry may stumble over a blob that is put there just now: it answers 500.
    const isThere = () => client.hasBlob(parseReference(name), early.descriptor.digest).catch(() => false);
    for (let tries = 0; tries < 200 && !(await isThere()); tries++) await setTimeout(10);
    assert.deepEqual(tools.reports, []);
    await assert.rejects(client.resolve(parseReference(name)), { code: /E_(?:MANIFEST|NAME)_UNKNOWN/ });
    requests.length = 0;
    const [result] = await begun.finish(fresh.images);
    assert.equal(result?.digest, image.manifestDescriptor.digest);
    assert.equal((await client.resolve(parseReference(name))).digest, result?.digest);
    assert.deepEqual([...tools.read].sort(), [early, late].map(({ descriptor }) => descriptor.digest).sort());
    assert.ok(!requests.some(({ path }) => path.includes(early.descriptor.digest)));
    assert.deepEqual(
      tools.reports.filter(({ done }) => done).map(({ current, total }) => current === total),
      [true],
    );
    await begun.stop(new Error('over'));
  });

  it('leaves no manifest of a build that fails, and sends again what could not be sent', async () => {
    const fresh = await builtSample({ layers: [{ failed: '1' }] });
    const [layer] = fresh.images.images[0].layers as [Layer];
    const name = `${server.host}/failed:1`;
    const there = new Map<string, Uint8Array>();
    const tools = sampleTools({ ...fresh, blobs: there }, client);
    const begun = registryExporter.begin?.(exportTarget({}, name), tools, signal) as BegunExport;
    begun.layer(layer);
    while (tools.read.length === 0) await setTimeout(5);
    for (const [digest, bytes] of fresh.blobs) there.set(digest, bytes);
    const stopped = registryExporter.begin?.(exportTarget({}, name), tools, signal) as BegunExport;
    await stopped.stop(new Error('the build has failed'));
    stopped.layer(layer);
    await assert.rejects(client.resolve(parseReference(name)), { code: /E_(?:MANIFEST|NAME)_UNKNOWN/ });
    await begun.finish(fresh.images);
    assert.equal((await client.resolve(parseReference(name))).digest, fresh.images.images[0].manifestDescriptor.digest);
  });

  it('pushes an index with all its manifests', async () => {
    const both = await builtSample({}, { platform: { os: 'linux', architecture: 'arm64' }, layers: [{ a: 'b' }] });
    const name = `${server.host}/multi:1`;
    await registryExporter.export(both.images, exportTarget({}, name), sampleTools(both, client), signal);
    assert.equal((await client.resolve(parseReference(name))).mediaType, mediaTypes.ociIndex);
    for (const architecture of ['amd64', 'arm64'])
      assert.equal(
        (await client.image(parseReference(name), { os: 'linux', architecture })).config.architecture,
        architecture,
      );
  });

  it('pushes by digest without a tag, and with Docker media types', async () => {
    const target = exportTarget(
      { 'push-by-digest': 'true', 'name-canonical': 'true', 'oci-mediatypes': 'false' },
      `${server.host}/plain:1`,
    );
    const [result] = await registryExporter.export(sample.images, target, sampleTools(sample, client), signal);
    assert.equal(result?.target, `${server.host}/plain@${result?.digest}`);
    const found = await client.manifest(parseReference(result.target));
    assert.equal(found.descriptor.mediaType, mediaTypes.dockerManifest);
    assert.deepEqual(await client.tags(parseReference(`${server.host}/plain`)).catch(() => []), []);
  });

  it('pushes no manifest where a blob cannot be sent', async () => {
    const broken = { ...sample, blobs: new Map() };
    const name = `${server.host}/broken:1`;
    // One that has not put the blobs elsewhere, from where they would be mounted.
    const fresh = createRegistryClient({ retries: 0 });
    await assert.rejects(
      registryExporter.export(sample.images, exportTarget({}, name), sampleTools(broken, fresh), signal),
      /no blob/,
    );
    await fresh.close();
    await assert.rejects(client.resolve(parseReference(name)));
  });
});

describe('output type=registry, checked before the build', () => {
  it('refuses wrong names and attributes', () => {
    const cases: readonly (readonly [Record<string, string>, readonly string[], RegExp])[] = [
      [{}, [], /needs a name/],
      [{}, ['Host/App'], /not an image reference/],
      [{}, [`a@sha256:${'0'.repeat(64)}`], /has a digest/],
      [{ dest: 'x' }, ['a'], /no attribute dest/],
    ];
    for (const [attributes, names, message] of cases)
      assert.throws(() => registryExporter.check(exportTarget(attributes, ...names)), {
        code: 'E_OUTPUT_INVALID',
        message,
      });
  });
});

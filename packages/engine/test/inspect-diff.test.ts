import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createRegistryClient, digestOf, type RegistryClient } from '@varve/oci';
import { type MemoryRegistry, startRegistry } from '@varve/oci/testing';
import { dockerExporter } from '../src/export/docker.js';
import { ociExporter } from '../src/export/oci.js';
import { registryExporter } from '../src/export/registry.js';
import { configFacts } from '../src/inspect/config-facts.js';
import { type DiffOptions, diffImages } from '../src/inspect/diff.js';
import { openStoreView } from '../src/inspect/store-view.js';
import { openKeptImages } from '../src/store/kept.js';
import { openStore } from '../src/store/store.js';
import { type BuiltSample, builtSample, exportTarget, sampleTools } from './built-sample.js';

const root = mkdtempSync(join(tmpdir(), 'varve-diff-'));
const options: DiffOptions = { store: join(root, 'store'), cwd: root, env: {}, platform: 'linux/amd64' };
const signal = new AbortController().signal;
const client: RegistryClient = createRegistryClient({ retries: 0 });
let registry: MemoryRegistry;
let was: BuiltSample;
let is: BuiltSample;

const base = { 'etc/conf': 'one', 'etc/gone': 'x', 'bin/same': 'same' };

before(async () => {
  registry = await startRegistry();
  was = await builtSample({ layers: [base], cmd: ['/a'] });
  is = await builtSample({ layers: [base, { 'etc/conf': 'two!', 'etc/.wh.gone': '', 'opt/new': 'n' }], cmd: ['/b'] });
  for (const [name, sample] of Object.entries({ was, is })) {
    const tools = sampleTools(sample, client);
    await ociExporter.export(sample.images, exportTarget({ dest: join(root, 'layout') }, `app:${name}`), tools, signal);
    await ociExporter.export(sample.images, exportTarget({ dest: join(root, `${name}.tar`) }), tools, signal);
    await dockerExporter.export(
      sample.images,
      exportTarget({ dest: join(root, `${name}.docker`) }, 'app:1'),
      tools,
      signal,
    );
    await registryExporter.export(sample.images, exportTarget({}, `${registry.host}/app:${name}`), tools, signal);
    const store = openStore(options.store);
    for (const [digest, bytes] of sample.blobs) await store.put(digest as `sha256:${string}`, bytes);
    await (await openKeptImages(store)).keep(sample.images, [`docker.io/library/kept:${name}`]);
  }
});
after(async () => {
  await client.close();
  await registry.close();
  rmSync(root, { recursive: true, force: true });
});

const content = (text: string): string => digestOf(text);
const expected = {
  config: [{ name: 'config.Cmd', was: '["/a"]', is: '["/b"]' }],
  files: [
    {
      path: 'etc/conf',
      kind: 'changed',
      facts: [
        { name: 'size', was: '3', is: '4' },
        { name: 'content', was: content('one'), is: content('two!') },
      ],
    },
    {
      path: 'etc/gone',
      kind: 'removed',
      facts: [
        { name: 'type', was: 'file' },
        { name: 'mode', was: '0755' },
        { name: 'owner', was: '0:0' },
        { name: 'size', was: '1' },
        { name: 'content', was: content('x') },
      ],
    },
    {
      path: 'opt',
      kind: 'added',
      facts: [
        { name: 'type', is: 'directory' },
        { name: 'mode', is: '0755' },
        { name: 'owner', is: '0:0' },
      ],
    },
    {
      path: 'opt/new',
      kind: 'added',
      facts: [
        { name: 'type', is: 'file' },
        { name: 'mode', is: '0755' },
        { name: 'owner', is: '0:0' },
        { name: 'size', is: '1' },
        { name: 'content', is: content('n') },
      ],
    },
  ],
};

describe('the difference of two images', () => {
  it('is the same wherever they are', async () => {
    const places = [
      (name: string): string => `layout:${name}`,
      (name: string): string => `./${name}.tar`,
      (name: string): string => `${name}.docker`,
      (name: string): string => `${registry.host}/app:${name}`,
      (name: string): string => `kept:${name}`,
    ];
    for (const [at, place] of places.entries()) {
      const other = places[(at + 1) % places.length] as typeof place;
      assert.deepEqual(
        await diffImages(place('was'), other('is'), options),
        expected,
        `${place('was')} ${other('is')}`,
      );
    }
  });

  it('is nothing for one image, however its layers are cut', async () => {
    const two = await builtSample({ layers: [{ a: '1' }, { b: '2' }], compression: 'none' });
    const one = await builtSample({ layers: [{ a: '1', b: '2' }] });
    for (const [name, sample] of Object.entries({ two, one }))
      await ociExporter.export(
        sample.images,
        exportTarget({ dest: join(root, 'cut') }, `x:${name}`),
        sampleTools(sample, client),
        signal,
      );
    assert.deepEqual(await diffImages('cut:one', 'cut:two', options), { config: [], files: [] });
  });

  it('leaves nothing unpacked behind', async () => {
    await diffImages('was.tar', 'is.docker', options);
    assert.deepEqual(readdirSync(join(options.store, 'scratch')), []);
  });

  it('is refused for what is no image', async () => {
    mkdirSync(join(root, 'app'), { recursive: true });
    await assert.rejects(diffImages('layout:none', 'layout:is', options), { code: 'E_IMAGE_UNKNOWN' });
    await assert.rejects(diffImages('./nothing', 'layout:is', options), { code: 'E_IMAGE_UNKNOWN' });
    await assert.rejects(diffImages('./app', 'layout:is', options), { code: 'E_BAD_LAYOUT' });
    await assert.rejects(diffImages(`${registry.host}/none:1`, 'layout:is', options), /none/);
  });
});

describe('facts of a config', () => {
  it('are its values by name', () => {
    const facts = configFacts({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [] },
      config: { Env: ['PATH=/bin', 'EMPTY='], Labels: { 'a.b': 'c' }, ExposedPorts: { '80/tcp': {} }, Cmd: ['x'] },
    });
    assert.deepEqual(Object.fromEntries(facts), {
      architecture: 'amd64',
      os: 'linux',
      'config.Env.PATH': '/bin',
      'config.Env.EMPTY': '',
      'config.Labels.a.b': 'c',
      'config.ExposedPorts.80/tcp': 'set',
      'config.Cmd': '["x"]',
    });
  });
});

describe('the view of a store', () => {
  it('lists, sums up and prunes', async () => {
    const view = await openStoreView(options.store);
    const rows = await view.list();
    assert.ok(rows.some(row => row.kind === 'image' && row.digest === 'docker.io/library/kept:was'));
    const { bytes } = await view.usage();
    assert.equal(
      bytes,
      rows.reduce((sum, row) => sum + row.size, 0),
    );
    await new Promise(resolve => setTimeout(resolve, 20));
    const again = await openStoreView(options.store);
    assert.equal((await again.prune({})).removed, 0);
    await again.close();
    await view.close();
    assert.ok(existsSync(join(options.store, 'index.json')));
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Digest, digestOf, mediaTypes, OciError, type PulledImage, type RegistryClient } from '@varve/oci';
import type { Memory } from '../src/plugin/index.js';
import { Images } from '../src/sources/images.js';
import { Blobs } from '../src/store/blobs.js';
import { openStore } from '../src/store/store.js';

const platform = { os: 'linux', architecture: 'amd64' };
const layer = digestOf('a layer');

/** An image as a registry gives it, told from others by its entry point. */
function pulledImage(entrypoint: string): PulledImage {
  const config = {
    ...platform,
    config: { Entrypoint: [entrypoint] },
    rootfs: { type: 'layers' as const, diff_ids: [layer] },
  };
  const configBytes = Buffer.from(JSON.stringify(config));
  const configDescriptor = {
    mediaType: mediaTypes.ociConfig,
    digest: digestOf(configBytes),
    size: configBytes.length,
  };
  const manifest = {
    schemaVersion: 2 as const,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers: [{ mediaType: mediaTypes.ociLayerGzip, digest: layer, size: 7 }],
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(manifestBytes);
  const manifestDescriptor = { mediaType: manifest.mediaType, digest, size: manifestBytes.length };
  return { manifest, manifestDescriptor, manifestBytes, config, configDescriptor, configBytes };
}

describe('images that earlier builds looked up', () => {
  const dir = mkdtempSync(join(tmpdir(), 'varve-images-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  const store = openStore(dir);
  const signal = new AbortController().signal;

  /** A registry that counts what it is asked, and one build after the other that asks. */
  function world() {
    const state = {
      image: pulledImage('one'),
      index: digestOf('an index') as Digest | undefined,
      down: undefined as string | undefined,
      calls: [] as string[],
      warnings: [] as string[],
    };
    const notes = new Map<string, Uint8Array>();
    const memory: Memory = {
      recall: async names => names.map(name => notes.get(name)),
      remember: async written => {
        for (const { name, value } of written) notes.set(name, value);
      },
    };
    const answer = <T>(call: string, value: () => T): Promise<T> => {
      state.calls.push(call);
      if (state.down) return Promise.reject(new OciError('E_REGISTRY_UNREACHABLE', state.down));
      return Promise.resolve(value());
    };
    const top = (): Digest => state.index ?? state.image.manifestDescriptor.digest;
    const client = {
      resolve: () => answer('resolve', () => ({ mediaType: '', digest: top(), size: 1 })),
      image: () =>
        answer('image', () => ({
          ...state.image,
          ...(state.index ? { indexDescriptor: { mediaType: mediaTypes.ociIndex, digest: state.index, size: 1 } } : {}),
        })),
    } as unknown as RegistryClient;
    const build = async (reference = 'registry.test/base:1', pull = false): Promise<string> => {
      state.calls.length = 0;
      const images = new Images({
        registry: () => Promise.resolve(client),
        cwd: dir,
        scratchDir: dir,
        store,
        blobs: new Blobs(store, signal),
        signal,
        memory,
        pull,
        warn: code => state.warnings.push(code),
        onResolve: () => undefined,
        foresee: diffIds => void state.calls.push(`foresee ${diffIds.length}`),
      });
      const image = await images.resolve(reference, platform);
      assert.ok(store.has(state.image.configDescriptor) || state.down, 'the config is in the store');
      return `${image.config.config?.Entrypoint?.[0]} ${image.digest}`;
    };
    return { state, notes, build };
  }

  for (const kind of ['an index', 'a manifest'])
    it(`asks once whether a reference still names ${kind}, and for everything once it does not`, async () => {
      const { state, build } = world();
      if (kind === 'a manifest') state.index = undefined;
      const first = await build();
      assert.deepEqual(state.calls, ['image']);
      assert.equal(await build(), first);
      assert.deepEqual(state.calls, ['foresee 1', 'resolve']);
      state.image = pulledImage('two');
      if (state.index) state.index = digestOf('another index');
      const second = await build();
      assert.deepEqual(state.calls, ['foresee 1', 'resolve', 'image']);
      assert.match(second, /^two /);
      assert.equal(await build(), second);
      assert.deepEqual(state.calls, ['foresee 1', 'resolve']);
    });

  it('asks nothing of a digest that it knows', async () => {
    const { state, build } = world();
    const reference = `registry.test/base@${state.index}`;
    const first = await build(reference);
    assert.equal(await build(reference), first);
    assert.deepEqual(state.calls, ['foresee 1']);
  });

  it('goes on with a warning where the registry is not there, and fails with --pull or where nothing is known', async () => {
    const { state, build } = world();
    const first = await build();
    state.down = 'no route';
    assert.equal(await build(), first);
    assert.deepEqual(state.warnings, ['W_BASE_UNCHECKED']);
    await assert.rejects(build('registry.test/base:1', true), { code: 'E_REGISTRY_UNREACHABLE' });
    await assert.rejects(build('registry.test/other:1'), { code: 'E_REGISTRY_UNREACHABLE' });
  });

  it('believes no note that does not fit together', async () => {
    const { state, notes, build } = world();
    const first = await build();
    for (const [name, value] of notes) {
      const note = JSON.parse(Buffer.from(value).toString()) as Record<string, string>;
      note.config = Buffer.from(pulledImage('forged').configBytes).toString('base64');
      notes.set(name, Buffer.from(JSON.stringify(note)));
    }
    assert.equal(await build(), first);
    assert.deepEqual(state.calls, ['image']);
    for (const name of notes.keys()) notes.set(name, Buffer.from('{'));
    assert.equal(await build(), first);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Digest, digestOf } from '@varve/oci';
import type { Layer } from '../src/model/layer.js';
import { Trees } from '../src/sources/trees.js';
import { type Tree, treeOfLayers } from '../src/tree/index.js';

const entry = { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n } as const;
const toc = { entries: [{ kind: 'write', path: 'there', entry }], passwd: '', group: '' } as const;
const diffId = digestOf('a layer');
const layers = [{ diffId, descriptor: { mediaType: '', digest: diffId, size: 1 } }] as unknown as readonly Layer[];

describe('a tree that was foreseen', () => {
  function world(stored: Tree | undefined) {
    const asked: string[] = [];
    const trees = {
      get: (name: Digest) => {
        asked.push(name);
        return Promise.resolve(stored);
      },
      put: () => Promise.resolve(),
    };
    const tocs = { get: () => Promise.resolve(toc), put: () => Promise.resolve() };
    return { asked, trees: new Trees({ trees, tocs } as never, () => Promise.reject(new Error('unused'))) };
  }

  it('is read of the store once', async () => {
    const stored = treeOfLayers([toc]);
    const { asked, trees } = world(stored);
    trees.foresee([diffId]);
    assert.equal(asked.length, 1);
    for (let times = 0; times < 2; times++) assert.deepEqual((await trees.of(layers)).list(''), ['there']);
    assert.equal(asked.length, 1);
  });

  it('is made of its layers where the store does not have it', async () => {
    const { asked, trees } = world(undefined);
    trees.foresee([diffId]);
    assert.deepEqual((await trees.of(layers)).list(''), ['there']);
    assert.equal(asked.length, 1);
  });
});

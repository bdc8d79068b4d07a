import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { diffFacts } from '../rig/diff-facts.js';
import { type ImageFacts, treeFacts } from '../rig/image-facts.js';
import { need } from '../rig/need.js';
import { allowances } from './allowances.js';

/** A tree with something of each kind; `change` alters it before it is read. */
async function image(change: (root: string) => void = () => {}): Promise<ImageFacts> {
  const root = mkdtempSync(join(tmpdir(), 'varve-test-comparer-'));
  try {
    mkdirSync(join(root, 'folder'), { mode: 0o755 });
    writeFileSync(join(root, 'folder/file'), 'content', { mode: 0o644 });
    linkSync(join(root, 'folder/file'), join(root, 'hard'));
    symlinkSync('folder/file', join(root, 'soft'));
    change(root);
    for (const name of ['folder/file', 'folder', '.']) utimesSync(join(root, name), 1000, 1000);
    const config = {
      architecture: 'amd64',
      os: 'linux',
      config: { Env: ['a=b'] },
      rootfs: { type: 'layers', diff_ids: [] },
    };
    const [files = new Map()] = await treeFacts(root);
    return { config, files, layers: 0 };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const since = 2000;

const changes: readonly { readonly name: string; readonly change: (root: string) => void; readonly found: string }[] = [
  { name: 'a mode', change: root => chmodSync(join(root, 'folder'), 0o700), found: '/folder mode' },
  {
    name: 'content',
    change: root => writeFileSync(join(root, 'folder/file'), 'CONTENT'),
    found: '/folder/file sha256',
  },
  { name: 'another file', change: root => writeFileSync(join(root, 'new'), ''), found: '/new presence' },
  {
    name: 'a type',
    change: root => {
      rmSync(join(root, 'soft'));
      mkdirSync(join(root, 'soft'));
    },
    found: '/soft type',
  },
  {
    name: 'a link target',
    change: root => {
      rmSync(join(root, 'soft'));
      symlinkSync('elsewhere!', join(root, 'soft'));
    },
    found: '/soft target',
  },
  {
    name: 'a broken hard link',
    change: root => {
      rmSync(join(root, 'hard'));
      writeFileSync(join(root, 'hard'), 'content');
    },
    found: '/hard hardLinks',
  },
];

const skip = need('python3', 'linux');

test('equal trees have no difference', { skip }, async () => {
  assert.deepEqual(diffFacts({ ours: await image(), theirs: await image(), since }, allowances), []);
});

for (const { name, change, found } of changes) {
  test(`the comparer sees ${name}`, { skip }, async () => {
    const differences = diffFacts({ ours: await image(change), theirs: await image(), since }, allowances);
    const seen = differences.map(({ where, what }) => `${where} ${what}`);
    assert.ok(seen.includes(found), `saw ${seen.join(', ')}`);
  });
}

test('the comparer sees config and time', { skip }, async () => {
  const ours = await image();
  const file = ours.files.get('/folder/file');
  assert.ok(file);
  const theirs: ImageFacts = {
    ...ours,
    config: { ...ours.config, config: { Env: ['a=c'] } },
    files: new Map([...ours.files, ['/folder/file', { ...file, mtime: 1001 }]]),
  };
  const seen = diffFacts({ ours, theirs, since }, allowances).map(({ where, what }) => `${where} ${what}`);
  assert.deepEqual(seen, ['config.Env value', '/folder/file mtime']);
});

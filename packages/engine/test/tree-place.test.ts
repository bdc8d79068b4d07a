import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileEntry, FileType } from '../src/model/file-entry.js';
import { readEntry } from '../src/tree/node-entry.js';
import { findNode } from '../src/tree/node-path.js';
import { NodeTable } from '../src/tree/node-table.js';
import { EntryPlacer } from '../src/tree/place.js';

const entry = (type: FileType, size: number): FileEntry => ({
  type,
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: type === 'file' ? size : 0,
  mtimeNs: 0n,
});

/** The same by paths alone: what is above a path becomes a directory, what is below something else goes. */
function placeByPath(files: Map<string, FileEntry>, path: string, placed: FileEntry): void {
  for (let cut = path.indexOf('/'); cut !== -1; cut = path.indexOf('/', cut + 1)) {
    const above = path.slice(0, cut);
    if (files.get(above)?.type !== 'directory') files.set(above, entry('directory', 0));
  }
  if (placed.type !== 'directory') removeByPath(files, path);
  files.set(path, placed);
}

function removeByPath(files: Map<string, FileEntry>, path: string): void {
  for (const known of files.keys()) if (known === path || known.startsWith(`${path}/`)) files.delete(known);
}

test('entries are placed as their paths say, whatever was placed and removed before', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 }).map(names => names.join('/'));
  const deed = fc.oneof(
    fc.record({ path, type: fc.constantFrom<FileType>('file', 'directory'), size: fc.nat(9) }),
    fc.record({ path, type: fc.constant(undefined), size: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), deeds => {
      const table = new NodeTable();
      const placer = new EntryPlacer(table);
      const files = new Map<string, FileEntry>();
      for (const { path: at, type, size } of deeds) {
        if (type !== undefined) {
          placer.place(at, entry(type, size));
          placeByPath(files, at, entry(type, size));
          continue;
        }
        const node = findNode(table, at);
        if (node !== -1) table.remove(node);
        removeByPath(files, at);
      }
      assert.equal(table.live, files.size + 1);
      for (const [at, expected] of files) assert.deepEqual(readEntry(table, findNode(table, at)), expected);
    }),
    { numRuns: 500 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashTable } from '../src/kit/content-hash.js';
import { EvidenceTable, evidenceWords } from '../src/kit/evidence.js';
import { pathToBytes } from '../src/path/bytes.js';
import { NodeTable } from '../src/tree/node-table.js';

const files = 500_000;

test('a tree of 500,000 entries with its evidence and hashes takes at most 150 bytes an entry', () => {
  const table = new NodeTable();
  const folder = table.add(0, pathToBytes('folder'));
  for (let i = 0; i < files; i++) table.add(folder, pathToBytes(`file-name-${i}`));
  const evidence = new EvidenceTable(64);
  evidence.reserve(table.capacity);
  const hashes = new HashTable(64);
  hashes.reserve(table.capacity);
  const columns = Object.values(table.columns).reduce(
    (sum, column: { readonly byteLength: number }) => sum + column.byteLength,
    0,
  );
  const bytes =
    columns +
    table.arena.bytes.byteLength +
    table.index.slots.byteLength +
    evidence.view.rows.byteLength +
    hashes.words.byteLength;
  assert.equal(evidence.view.rows.length % evidenceWords, 0);
  assert.ok(bytes / files <= 150, `${(bytes / files).toFixed(1)} bytes an entry`);
});

test('nodes and names that were removed are used again', () => {
  let table = new NodeTable();
  for (let round = 0; round < 20; round++) {
    const folder = table.add(0, pathToBytes('folder'));
    for (let i = 0; i < 1000; i++) table.add(folder, pathToBytes(`file ${round} ${i}`));
    for (let i = 0; i < 1000; i += 3) assert.notEqual(table.child(folder, pathToBytes(`file ${round} ${i}`)), -1);
    table.remove(folder);
    assert.equal(table.live, 1);
    table = new NodeTable(table);
  }
  assert.ok(table.top <= 1100, `${table.top} nodes`);
  assert.ok(table.arena.bytes.length < 100_000, `${table.arena.bytes.length} bytes of names`);
});

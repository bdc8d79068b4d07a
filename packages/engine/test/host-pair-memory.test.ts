import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { forgetPair, recallPair, rememberPair } from '../src/host/pair-memory.js';
import { openStore, type Store } from '../src/store/store.js';

const pair = { snapshotter: { id: 'overlay', options: {} }, executor: { id: 'oci', options: {} }, notes: ['a note'] };
const path = process.env.PATH;
let dir = '';
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'varve-pair-'));
  store = openStore(join(dir, 'store'));
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(dir, { recursive: true });
});

function program(name: string): void {
  mkdirSync(join(dir, 'bin'), { recursive: true });
  writeFileSync(join(dir, 'bin', name), '');
  chmodSync(join(dir, 'bin', name), 0o755);
}

test('a pair is known again where all is as it was, for the same request', () => {
  assert.equal(recallPair(store, {}), undefined);
  rememberPair(store, {}, pair);
  assert.deepEqual(recallPair(store, {}), pair);
  assert.equal(recallPair(store, { executor: { id: 'namespaces', options: {} } }), undefined);
});

test('what is forgotten, damaged or from another time is not known', () => {
  const file = join(store.stateDir('probe'), 'pair.json');
  rememberPair(store, {}, pair);
  const kept = readFileSync(file, 'utf8');
  const { time } = JSON.parse(kept) as { readonly time: number };
  for (const other of [time - 3_700_000, time + 60_000]) {
    writeFileSync(file, kept.replace(String(time), String(other)));
    assert.equal(recallPair(store, {}), undefined);
  }
  writeFileSync(file, kept.slice(0, -2));
  assert.equal(recallPair(store, {}), undefined);
  rememberPair(store, {}, pair);
  forgetPair(store);
  assert.equal(recallPair(store, {}), undefined);
});

test('another runtime, or one that was installed anew, is tried', () => {
  program('crun');
  process.env.PATH = join(dir, 'bin');
  rememberPair(store, {}, pair);
  assert.deepEqual(recallPair(store, {}), pair);
  rmSync(join(dir, 'bin/crun'));
  assert.equal(recallPair(store, {}), undefined);
  program('crun');
  assert.equal(recallPair(store, {}), undefined);
});

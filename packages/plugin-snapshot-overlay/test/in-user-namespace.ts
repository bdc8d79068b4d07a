// The suite, to be run in a user namespace.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { fixedDirectories, splitLinks } from './split-links.js';

test('this is a user namespace, where overlays keep their marks in user.* attributes', async () => {
  assert.notEqual(readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).at(-1), '4294967295');
});

snapshotterSuite('overlay in a user namespace', () => snapshotterOf(plugin), {
  fails: [...splitLinks, ...fixedDirectories],
  random: { alone: true },
  on: 'disk',
});

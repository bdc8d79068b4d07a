import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CopyProgress, Descriptor } from '@varve/oci';
import { CopyLines } from '../src/progress/copy-lines.js';
import { Recorder } from './recorder.js';

const descriptor: Descriptor = { mediaType: 'x/y', digest: `sha256:${'a'.repeat(64)}`, size: 3_000_000 };
const repository = { registry: 'h.lan', repository: 'team/app' };

function shown(isTTY: boolean, states: readonly CopyProgress[]): string {
  const out = new Recorder(isTTY);
  const lines = new CopyLines(out);
  for (const state of states) lines.observe(state);
  lines.end();
  return out.text;
}

test('a log gets one line for each blob, and nothing of the way there', () => {
  const text = shown(false, [
    { descriptor, repository, state: 'started', sent: 0 },
    { descriptor, repository, state: 'moving', sent: 1_000_000 },
    { descriptor, repository, state: 'done', sent: 3_000_000 },
    { descriptor, repository: { ...repository, repository: 'b' }, state: 'mounted', sent: 3_000_000 },
    { descriptor, state: 'exists', sent: 3_000_000 },
  ]);
  assert.deepEqual(text.split('\n'), [
    'sha256:aaaaaaaaaaaa   3.0 MB copied to h.lan/team/app',
    'sha256:aaaaaaaaaaaa   3.0 MB mounted in h.lan/b',
    'sha256:aaaaaaaaaaaa   3.0 MB was there',
    '',
  ]);
});

test('a terminal is told how far things are, and keeps only what is done', () => {
  const text = shown(true, [
    { descriptor, repository, state: 'started', sent: 0 },
    { descriptor, repository, state: 'done', sent: 3_000_000 },
  ]);
  assert.match(text, /1 on the way: 0 B of 3\.0 MB/);
  const after = text.slice(text.lastIndexOf('\x1b[J'));
  assert.match(after, /copied to h\.lan\/team\/app\n$/);
  assert.doesNotMatch(after, /on the way/);
});

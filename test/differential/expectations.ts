import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ImageFacts } from '../rig/image-facts.js';
import type { Expectation } from './feature-case.js';

/** Asserts that an image holds what a case says; `builder` names it in messages. */
export function assertExpected(facts: ImageFacts, expected: Expectation, builder: string): void {
  for (const [key, value] of Object.entries(expected.config ?? {})) {
    assert.deepEqual(facts.config.config?.[key], value, `config.${key} of ${builder}'s image`);
  }
  for (const [path, wanted] of Object.entries(expected.files ?? {})) {
    const found = facts.files.get(path);
    if (wanted === null) {
      assert.equal(found, undefined, `${path} is in ${builder}'s image`);
      continue;
    }
    assert.ok(found, `${path} is not in ${builder}'s image`);
    for (const [fact, value] of Object.entries(wanted)) {
      if (fact === 'text')
        assert.equal(found.sha256, sha256(String(value)), `content of ${path} in ${builder}'s image`);
      else assert.deepEqual(found[fact as keyof typeof found], value, `${fact} of ${path} in ${builder}'s image`);
    }
  }
}

/** Asserts what holds of every image: its history tells of as many layers as there are. */
export function assertSound({ config }: ImageFacts): void {
  const filled = (config.history ?? []).filter(entry => entry.empty_layer !== true).length;
  assert.equal(filled, config.rootfs.diff_ids.length, 'entries of the history that are no empty layer, and layers');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { featureSpec } from '../differential/feature-case.js';
import { everyTime, more } from './agreeing-cases.js';

test('cases of every rung are many, each once, and each is compared with docker build', () => {
  const all = [...everyTime, ...more];
  assert.ok(everyTime.length >= 8 && all.length >= 25, `${everyTime.length}, ${all.length}`);
  assert.equal(new Set(all).size, all.length);
  for (const name of all) {
    const { oracle, fails } = featureSpec(name);
    assert.notEqual(oracle, 'reference', name);
    assert.equal(fails, undefined, name);
  }
});

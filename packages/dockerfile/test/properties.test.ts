import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePatterns } from '../src/ignore/matcher.js';
import { mutated, patternLists, pieces, scraps, wellFormed } from './dockerfile-texts.js';
import { checkExpansion, checkHostile, checkPatterns, checkPrinting } from './property-checks.js';

const runs = { numRuns: Number(process.env.VARVE_PROPERTY_RUNS ?? 400) };

test('well-formed files parse, print as they are, and each instruction survives being printed anew', () => {
  fc.assert(fc.property(wellFormed, checkPrinting), runs);
});

test('arbitrary text gives a file that survives being printed, or a DockerfileError with a range inside the text', () => {
  fc.assert(fc.property(scraps, checkHostile), runs);
  fc.assert(fc.property(pieces, checkHostile), runs);
});

test('mutated files give a file that survives being printed, or a DockerfileError with a range inside the text', () => {
  fc.assert(fc.property(mutated, checkHostile), runs);
});

test('arbitrary bytes give a file or a DockerfileError', () => {
  const bytes = fc.tuple(mutated, fc.uint8Array({ maxLength: 8 })).map(([text, tail]) => {
    const whole = new TextEncoder().encode(text);
    return Uint8Array.from([...whole.subarray(0, whole.length >> 1), ...tail, ...whole.subarray(whole.length >> 1)]);
  });
  fc.assert(fc.property(bytes, checkHostile), runs);
});

test('expansion gives text or a DockerfileError', () => {
  const signs = fc.constantFrom(
    '$',
    '{',
    '}',
    'a',
    'B',
    ':',
    '-',
    '+',
    '?',
    '#',
    '%',
    '/',
    '*',
    '\\',
    '`',
    '"',
    "'",
    ' ',
    '한',
    '\n',
  );
  fc.assert(
    fc.property(
      fc.array(signs, { maxLength: 24 }).map(list => list.join('')),
      checkExpansion,
    ),
    { numRuns: 2000 },
  );
});

test('walking by scopes and asking for paths agree', () => {
  fc.assert(fc.property(patternLists, checkPatterns), { numRuns: 1000 });
});

test('a pattern list that ignores nothing lets everything be kept', () => {
  const { root } = compilePatterns([]);
  assert.equal(root.mayKeep, true);
  assert.equal(root.mayIgnore, false);
});

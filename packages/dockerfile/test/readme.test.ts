import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as api from '../src/index.js';
import { sourceTexts } from './sources.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The first cells of the table under a heading, without code marks. */
function firstCells(heading: string): readonly string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return Array.from(section.matchAll(/^\| `([A-Za-z_0-9]+)` *\|/gm), match => match[1] ?? '');
}

test('the table of error codes is the list of error codes', () => {
  const rows = Array.from(readme.matchAll(/^\| `(E_\w+)` *\| (.+?) *\|$/gm), match => [match[1], match[2]]);
  assert.deepEqual(rows, Object.entries(api.errorCodes));
});

test('the table of lint rules is the list of lint rules', () => {
  assert.deepEqual([...firstCells('Lint')].toSorted(), api.lintRules.map(rule => rule.name).toSorted());
});

test('every function and value that is exported is explained, and nothing else', () => {
  const exported = Object.keys(api);
  for (const name of exported) assert.ok(readme.includes(`\`${name}`), name);
  const called = Array.from(readme.matchAll(/^\| `(\w+)\(/gm), match => match[1] ?? '');
  assert.deepEqual(
    called.filter(name => !exported.includes(name)),
    [],
  );
});

test('every code that is thrown is listed, and every listed code is thrown', () => {
  const thrown = new Set(
    sourceTexts().flatMap(source => Array.from(source.matchAll(/'(E_[A-Z0-9_]+)'/g), match => match[1] ?? '')),
  );
  assert.deepEqual([...thrown].toSorted(), Object.keys(api.errorCodes).toSorted());
});

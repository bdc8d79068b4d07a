import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as api from '@varve/oci';
import * as testing from '@varve/oci/testing';

const folder = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

test('the table of error codes is the list of error codes', () => {
  const rows = Array.from(readme.matchAll(/^\| `(E_\w+)` *\| (.+?) *\|$/gm), match => [match[1], match[2]]);
  assert.deepEqual(rows, Object.entries(api.errorCodes));
});

test('every value that is exported is explained, and nothing else', () => {
  for (const name of [...Object.keys(api), ...Object.keys(testing)]) assert.ok(readme.includes(`\`${name}`), name);
  const called = Array.from(readme.matchAll(/`(\w+)\(/g), match => match[1] ?? '');
  const known = new Set([...Object.keys(api), ...Object.keys(testing)]);
  assert.deepEqual(
    called.filter(name => !known.has(name)),
    [],
  );
});

test('every code that is thrown is listed, and every listed code is thrown', () => {
  const source = new URL('src/', folder);
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const thrown = new Set(
    files.flatMap(name =>
      Array.from(readFileSync(new URL(name, source), 'utf8').matchAll(/'(E_[A-Z0-9_]+)'/g), match => match[1]),
    ),
  );
  assert.deepEqual([...thrown].toSorted(), Object.keys(api.errorCodes).toSorted());
});

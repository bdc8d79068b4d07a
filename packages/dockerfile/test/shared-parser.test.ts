import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { readStatements } from '../src/parse.js';
import type { Statement } from '../src/statement.js';
import { listShared, readShared, skipShared } from './shared-language.js';

/** A string as Go's strconv.Quote writes it. */
function quote(text: string): string {
  const named: Record<string, string> = { '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const escaped = Array.from(text, character => {
    if (character === '"' || character === '\\') return `\\${character}`;
    const code = character.codePointAt(0) ?? 0;
    return named[character] ?? (code < 0x20 ? `\\x${code.toString(16).padStart(2, '0')}` : character);
  });
  return `"${escaped.join('')}"`;
}

/** A statement as the shared data writes it. */
function dump(statement: Statement): string {
  const parts = [statement.keyword.value.toLowerCase()];
  if (statement.flags.length > 0) parts.push(`[${statement.flags.map(flag => quote(flag.value)).join(' ')}]`);
  if (statement.trigger !== undefined) parts.push(dump(statement.trigger));
  for (const { key, value, separator } of statement.pairs) {
    parts.push(quote(key.value), quote(value.value), quote(separator));
  }
  parts.push(...statement.words.map(word => quote(word.value)));
  return `(${parts.join(' ')})`;
}

for (const name of listShared('parser/cases')) {
  test(`shared parser case ${name}`, () => {
    const { statements } = readStatements(readShared(`parser/cases/${name}/Dockerfile`), 'Dockerfile');
    assert.deepEqual(Array.from(statements, dump), readShared(`parser/cases/${name}/result`).trimEnd().split('\n'));
  });
}

for (const name of listShared('parser/must-fail')) {
  test(`shared parser case ${name} must fail`, () => {
    assert.throws(
      () => Array.from(readStatements(readShared(`parser/must-fail/${name}/Dockerfile`), 'Dockerfile').statements),
      DockerfileError,
    );
  });
}

test('the shared parser cases are there', { skip: skipShared }, () => {
  assert.equal(listShared('parser/cases').length, 33);
  assert.equal(listShared('parser/must-fail').length, 4);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { matchGlob } from '../src/glob.js';
import { compileIgnore, compilePatterns } from '../src/ignore/matcher.js';
import { readShared, skipShared } from './shared-language.js';

interface SharedIgnore {
  readonly ignore: readonly {
    readonly patterns: readonly string[];
    readonly path: string;
    readonly ignored: boolean;
  }[];
  readonly globs: readonly {
    readonly pattern: string;
    readonly name: string;
    readonly match: boolean;
    readonly bad: boolean;
  }[];
}

test('every shared ignore decision', { skip: skipShared }, t => {
  const { ignore } = JSON.parse(readShared('ignore.json')) as SharedIgnore;
  for (const row of ignore) {
    assert.equal(compilePatterns(row.patterns).matches(row.path), row.ignored, JSON.stringify(row));
    assert.equal(compileIgnore(row.patterns.join('\n')).matches(row.path), row.ignored, JSON.stringify(row));
  }
  t.diagnostic(`${ignore.length} rows`);
});

test('every shared glob, by the rule that a path below a match matches', { skip: skipShared }, t => {
  const { globs } = JSON.parse(readShared('ignore.json')) as SharedIgnore;
  for (const { pattern, name, match, bad } of globs) {
    if (bad) {
      assert.throws(() => compilePatterns([pattern]), hasCode('E_BAD_PATTERN'), pattern);
      assert.throws(() => matchGlob(pattern, name), hasCode('E_BAD_PATTERN'), pattern);
      continue;
    }
    assert.equal(compilePatterns([pattern]).matches(name), match, `${pattern} ${name}`);
    const parents = name.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    assert.equal(
      parents.some(path => matchGlob(pattern, path)),
      match,
      `${pattern} ${name}`,
    );
  }
  t.diagnostic(`${globs.length} rows`);
});

function hasCode(code: string): (error: unknown) => boolean {
  return error => error instanceof DockerfileError && error.code === code;
}

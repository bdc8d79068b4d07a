import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSources, type Source } from './sources.js';

const fileLimit = 400;
const fileWarning = 250;
const functionLimit = 80;
const parameterLimit = 4;

const sources = readSources();

/** Callbacks of describe() are as long as the tests in them; the suites of @varve/engine/testing are tests for plugins. */
const isTest = (source: Source): boolean =>
  /\.test\.ts$|^packages\/engine\/src\/testing\/.*-suite\.ts$/.test(source.path);

test('the parser sees the files and the functions', () => {
  assert.ok(sources.length > 50, `${sources.length} files`);
  const own = sources.find(source => source.path === 'test/structure/sources.ts');
  assert.ok(own?.functions.some(found => found.name === 'readSource' && found.lines > 10 && found.parameters === 2));
  assert.ok(own?.imports.some(found => found.target === 'test/rig/repository.ts'));
});

test(`no file has more than ${fileLimit} lines`, t => {
  for (const { path, lines } of sources) if (lines > fileWarning) t.diagnostic(`${path}: ${lines} lines`);
  assert.deepEqual(
    offenders(source => (source.lines > fileLimit ? [`${source.lines} lines`] : [])),
    [],
  );
});

test(`no function has more than ${functionLimit} lines`, () => {
  const long = offenders(source =>
    isTest(source)
      ? []
      : source.functions
          .filter(found => found.lines > functionLimit)
          .map(found => `line ${found.line}: ${found.name} has ${found.lines} lines`),
  );
  assert.deepEqual(long, []);
});

test(`no function takes more than ${parameterLimit} parameters`, () => {
  const wide = offenders(source =>
    source.functions
      .filter(found => found.parameters > parameterLimit)
      .map(found => `line ${found.line}: ${found.name} takes ${found.parameters}`),
  );
  assert.deepEqual(wide, []);
});

test('no file or folder is named for being useful', () => {
  const vague = /(^|[-.])(utils?|helpers|common|misc)([-.]|$)/;
  assert.deepEqual(
    offenders(source => source.path.split('/').filter(name => vague.test(name))),
    [],
  );
});

function offenders(find: (source: Source) => readonly string[]): string[] {
  return sources.flatMap(source => find(source).map(what => `${source.path}: ${what}`));
}

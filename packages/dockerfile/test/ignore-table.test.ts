import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { hasGlobMeta, matchGlob } from '../src/glob.js';
import { compileIgnore, compilePatterns } from '../src/ignore/matcher.js';

/** file, path, ignored */
const rows: readonly (readonly [string, string, boolean])[] = [
  ['a', 'a', true],
  ['a', 'a/b/c', true],
  ['a', 'b/a', false],
  ['a', 'ab', false],
  ['/a', 'a', true],
  ['./a', 'a', true],
  ['a/', 'a', true],
  ['a/../b', 'b', true],
  ['  a  ', 'a', true],
  ['# a\na', '# a', false],
  [' # a', '# a', true],
  ['\\#a', '#a', true],
  ['\n\n', 'a', false],
  ['a\r\nb\r\n', 'b', true],
  ['\ufeffa', 'a', true],
  ['*', 'a/b', true],
  ['*.md', 'x.md', true],
  ['*.md', 'd/x.md', false],
  ['**/*.md', 'd/e/x.md', true],
  ['**/*.md', 'x.md', true],
  ['*/b', 'a/b', true],
  ['*/b', 'a/c/b', false],
  ['*/*/b', 'a/c/b', true],
  ['a?', 'ab', true],
  ['a?', 'a', false],
  ['a?', 'a/b', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['[^a-c]x', 'dx', true],
  ['arr[[]0].txt', 'arr[0].txt', true],
  ['arr[[]0].txt', 'arr0.txt', false],
  ['a[^b]c', 'a/c', true],
  ['a[^b]c', 'x/a/c', false],
  ['a[+-9]c', 'a/c', true],
  ['a[+-9]c/d', 'a/c/d', true],
  ['*\n!a[^b]c', 'a/c', false],
  ['[^a]', 'a/b', false],
  ['[^a]', 'b/a', true],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['a/**/z', 'a/z', true],
  ['a/**/z', 'a/b/c/z', true],
  ['a/**/z', 'a/b/cz', false],
  ['a/**', 'a', false],
  ['a/**', 'a/b/c', true],
  ['**/node_modules', 'x/node_modules/y', true],
  ['**/node_modules', 'x/my_node_modules', false],
  ['**foo', 'x/barfoo', true],
  ['foo**', 'foobar/x', true],
  ['a**z', 'a/b/z', true],
  ['a**z', 'abz', false],
  ['.git', '.git/config', true],
  ['.git', '.gitignore', false],
  ['*\n!a', 'a', false],
  ['*\n!a', 'a/b', false],
  ['*\n!a', 'b', true],
  ['*\n!a\na/x', 'a/x', true],
  ['*\n!a/b', 'a/b', false],
  ['*\n!a/b', 'a/c', true],
  ['a\n!a/b/*.md', 'a/b/x.md', false],
  ['a\n!a/b/*.md', 'a/b/x.txt', true],
  ['! a', 'a', false],
  ['**\n!**/*.ts', 'a/b/c.ts', false],
  ['**\n!**/*.ts', 'a/b/c.js', true],
  ['a\n!a/b\n**/a', 'a/b', false],
  ['!a\na', 'a', true],
  ['..', 'a', false],
  ['/', 'a', false],
  ['.', 'a', false],
  ['ä*', 'äx', true],
  ['?', 'é', true],
  ['?', '😀', true],
  ['a', './a', true],
  ['a', 'a/', true],
];

test('ignore files', () => {
  for (const [text, path, ignored] of rows) {
    assert.equal(compileIgnore(text).matches(path), ignored, `${JSON.stringify(text)} ${path}`);
  }
});

test('bad patterns are refused where they stand', () => {
  for (const [text, line, column] of [
    ['a[]]', 1, 1],
    ['a\n!a[c-b]', 2, 1],
    ['a\n  [', 2, 3],
    ['a\n!', 2, 1],
    ['!  ', 1, 1],
    ['x\\', 1, 1],
    ['[a-]', 1, 1],
    ['!b/[x', 1, 1],
  ] as const) {
    assert.throws(
      () => compileIgnore(text, { file: 'x.dockerignore' }),
      (error: unknown) => {
        assert.ok(error instanceof DockerfileError && error.code === 'E_BAD_PATTERN', text);
        assert.deepEqual(error.range.start, { line, column }, text);
        assert.equal(error.range.file, 'x.dockerignore');
        return true;
      },
    );
  }
});

/** file, directory, may something below be kept */
const walks: readonly (readonly [string, string, boolean])[] = [
  ['a', 'a', false],
  ['a', 'b', true],
  ['a\n!a/b/c', 'a', true],
  ['a\n!a/b/c', 'a/b', true],
  ['a\n!a/b/c', 'a/x', false],
  ['a\n!a/b/c', 'a/b/c', true],
  ['a\n!**/keep', 'a/b/c', true],
  ['**\n!src', 'src', true],
  ['**\n!src', 'doc', false],
  ['a/**', 'a', false],
  ['a/**\n!a/b', 'a', true],
  ['!a/b\na', 'a', false],
  ['a\n!x*/b', 'a', false],
];

test('directories that may keep nothing need no walking', () => {
  for (const [text, directory, may] of walks) {
    assert.equal(compileIgnore(text).mayContainUnignored(directory), may, `${JSON.stringify(text)} ${directory}`);
  }
});

test('what a matcher tells about itself', () => {
  const matcher = compileIgnore('# x\n./a/\n!b/../c\n');
  assert.deepEqual([matcher.patterns, matcher.exclusions], [['a', '!c'], true]);
  assert.equal(compilePatterns(['a']).exclusions, false);
  assert.equal(matcher.root.enter('z').mayIgnore, false);
  assert.equal(matcher.root.mayIgnore, true);
});

/** pattern, name, match */
const globs: readonly (readonly [string, string, boolean])[] = [
  ['a*', 'ab/c', false],
  ['*', '', true],
  ['*', 'a/b', false],
  ['*/*', 'a/b', true],
  ['a*c', 'abbc', true],
  ['a*c', 'a/c', false],
  ['*b*b', 'abab', true],
  ['*b*b', 'aba', false],
  ['a\\?', 'a?', true],
  ['[\\]]', ']', true],
  ['[a\\-z]', '-', true],
  ['[a\\-z]', 'b', false],
  ['[z-a]', 'b', false],
  ['[^z-a]', 'b', true],
  ['a[^b]c', 'a/c', true],
  ['**', 'ab', true],
  ['', '', true],
  ['', 'a', false],
];

test('globs', () => {
  for (const [pattern, name, match] of globs) assert.equal(matchGlob(pattern, name), match, `${pattern} ${name}`);
  assert.deepEqual(['a', 'a*', 'a?', '[a]', 'a\\b', 'a/b'].map(hasGlobMeta), [false, true, true, true, true, false]);
});

test('a glob with many stars takes no exponential time', () => {
  const begun = performance.now();
  assert.equal(matchGlob(`${'a*'.repeat(50)}b`, 'a'.repeat(5000)), false);
  assert.equal(compilePatterns([`${'**a'.repeat(3)}b`]).matches(`${'a/'.repeat(40)}c`), false);
  assert.ok(performance.now() - begun < 2000);
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are the language of Dockerfiles
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { expandWord, expandWords } from '../src/expand/expand.js';

const env = new Map([
  ['v', 'value'],
  ['empty', ''],
  ['path', '/usr/local/bin/tool.tar.gz'],
  ['spaced', 'two  words'],
  ['quote', `a"b'c`],
  ['star', 'a*b?c'],
  ['slash', 'a/b/a'],
  ['lines', 'one\ntwo'],
  ['ключ', 'unicode'],
  ['_1', 'underscore'],
]);
const lookup = (name: string): string | undefined => env.get(name);

/** input, result */
const expansions: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['', ''],
  ['$v', 'value'],
  ['${v}', 'value'],
  ['$vx', ''],
  ['${v}x', 'valuex'],
  ['$v.x', 'value.x'],
  ['$v$v', 'valuevalue'],
  ['$_1', 'underscore'],
  ['$ключ', 'unicode'],
  ['${ключ}!', 'unicode!'],
  ['$', '$'],
  ['a$', 'a$'],
  ['$ a', '$ a'],
  ['\\$v', '$v'],
  ['\\\\$v', '\\value'],
  ["'$v'", '$v'],
  ['"$v"', 'value'],
  [`"'$v'"`, `'value'`],
  [`'"$v"'`, `"$v"`],
  ['"a\\"b"', 'a"b'],
  ['"a\\$b"', 'a$b'],
  ['"a\\nb"', 'a\\nb'],
  ["'a\\nb'", 'a\\nb'],
  ['a\\nb', 'anb'],
  ['$quote', `a"b'c`],
  ['"$quote"', `a"b'c`],
  ['${v:-d}', 'value'],
  ['${empty:-d}', 'd'],
  ['${empty-d}', ''],
  ['${none-d}', 'd'],
  ['${none:-d}', 'd'],
  ['${none:-}', ''],
  ['${none:-"a b"}', 'a b'],
  ["${none:-'}'}", '}'],
  ['${none:-\\}}', '}'],
  ['${none:-$v}', 'value'],
  ['${none:-${empty:-${v}}}', 'value'],
  ['${v:+y}', 'y'],
  ['${v+y}', 'y'],
  ['${empty:+y}', ''],
  ['${empty+y}', 'y'],
  ['${none+y}', ''],
  ['${none:+y}', ''],
  ['${v:?m}', 'value'],
  ['${v?m}', 'value'],
  ['${empty?m}', ''],
  ['${path#*/}', 'usr/local/bin/tool.tar.gz'],
  ['${path##*/}', 'tool.tar.gz'],
  ['${path%.*}', '/usr/local/bin/tool.tar'],
  ['${path%%.*}', '/usr/local/bin/tool'],
  ['${path%/*}', '/usr/local/bin'],
  ['${path%%/*}', ''],
  ['${path#/usr}', '/local/bin/tool.tar.gz'],
  ['${path#usr}', '/usr/local/bin/tool.tar.gz'],
  ['${path#????}', '/local/bin/tool.tar.gz'],
  ['${v#}', 'value'],
  ['${v%}', 'value'],
  ['${none#x}', ''],
  ['${star#a\\*}', 'b?c'],
  ['${star%\\?c}', 'a*b'],
  ['${path/usr/opt}', '/opt/local/bin/tool.tar.gz'],
  ['${path/\\//_}', '_usr/local/bin/tool.tar.gz'],
  ['${path//\\//_}', '_usr_local_bin_tool.tar.gz'],
  ['${slash/a/X}', 'X/b/a'],
  ['${slash//a/X}', 'X/b/X'],
  ['${slash//a/}', '/b/'],
  ['${slash/z/X}', 'a/b/a'],
  ['${path/t*r/X}', '/usr/local/bin/X.gz'],
  ['${v/?/X}', 'Xalue'],
  ['${v//?/X}', 'XXXXX'],
  ['${none/a/b}', ''],
  ['${slash/a/\\$0}', '\\$0/b/a'],
  ['${slash//a/\\$0\\$1.}', '\\a\\./b/\\a\\.'],
  ["${slash//a/'$$-$'}", '$-$/b/$-$'],
  ["${slash//a/'${0}${a}b'}", 'ab/b/ab'],
  ['${slash/${none:-a}/$v}', 'value/b/a'],
  ['${lines/one*/X}', 'X\ntwo'],
  ['${lines#*t}', 'one\ntwo'],
  ['$1', ''],
  ['$12a', 'a'],
  ['$@', ''],
  ['$?', ''],
  ['${?}', ''],
  ['a b', 'a b'],
  ['$spaced', 'two  words'],
];

test('expansion of one word', () => {
  for (const [input, expected] of expansions) assert.equal(expandWord(input, lookup), expected, input);
});

test('expansion with a backquote as escape character', () => {
  const options = { escape: '`' } as const;
  for (const [input, expected] of [
    ['`$v', '$v'],
    ['``$v', '`value'],
    ['C:\\$v', 'C:\\value'],
    ['"`""', '"'],
    ['"\\"', '\\'],
    ['${none:-`}}', '}'],
  ] as const) {
    assert.equal(expandWord(input, lookup, options), expected, input);
  }
});

/** input, words */
const splittings: readonly (readonly [string, readonly string[]])[] = [
  ['a b', ['a', 'b']],
  ['  a\t b  ', ['a', 'b']],
  ['"a b" c', ['a b', 'c']],
  ['a" "b', ['a b']],
  ["a' 'b c", ['a b', 'c']],
  ['a\\ b', ['a b']],
  ['$spaced', ['two', 'words']],
  ['"$spaced"', ['two  words']],
  ['x$spaced.y', ['xtwo', 'words.y']],
  ['$empty', []],
  ['""', []],
  ['$none x', ['x']],
  ['${none:-a b}', ['a', 'b']],
  ['', []],
];

test('expansion with word splitting', () => {
  for (const [input, expected] of splittings) assert.deepEqual(expandWords(input, lookup), expected, input);
});

/** input, code, a part of the message */
const mistakes: readonly (readonly [string, string, string])[] = [
  ['${', 'E_BAD_SUBSTITUTION', "missing '}'"],
  ['${}', 'E_BAD_SUBSTITUTION', 'bad substitution'],
  ['${v', 'E_BAD_SUBSTITUTION', "missing '}'"],
  ['${v:', 'E_BAD_SUBSTITUTION', "missing '}'"],
  ['${v:-', 'E_BAD_SUBSTITUTION', "missing '}'"],
  ['${v:=x}', 'E_BAD_SUBSTITUTION', 'unsupported modifier (:=)'],
  ['${v=x}', 'E_BAD_SUBSTITUTION', 'unsupported modifier (=)'],
  ['${v!x}', 'E_BAD_SUBSTITUTION', 'unsupported modifier (!)'],
  ['${v^}', 'E_BAD_SUBSTITUTION', 'unsupported modifier (^)'],
  ['${.}', 'E_BAD_SUBSTITUTION', 'bad substitution'],
  ['${v/a}', 'E_BAD_SUBSTITUTION', "missing '/'"],
  ['${v/a/', 'E_BAD_SUBSTITUTION', "missing '}'"],
  ['${v#\\a}', 'E_BAD_SUBSTITUTION', 'invalid pattern'],
  ['"a', 'E_BAD_SUBSTITUTION', 'double quote'],
  ["'a", 'E_BAD_SUBSTITUTION', 'single quote'],
  ['"a\\"', 'E_BAD_SUBSTITUTION', 'double quote'],
  ['${none?}', 'E_VARIABLE_REQUIRED', 'none: is not allowed to be unset'],
  ['${none:?}', 'E_VARIABLE_REQUIRED', 'none: is not allowed to be unset'],
  ['${empty:?}', 'E_VARIABLE_REQUIRED', 'empty: is not allowed to be empty'],
  ['${none?say so}', 'E_VARIABLE_REQUIRED', 'none: say so'],
  ['${none:?$v}', 'E_VARIABLE_REQUIRED', 'none: value'],
];

test('mistakes in expansions', () => {
  for (const [input, code, message] of mistakes) {
    assert.throws(
      () => expandWord(input, lookup),
      (error: unknown) => error instanceof DockerfileError && error.code === code && error.message.includes(message),
      input,
    );
  }
});

test('deep nesting is an error, not a full call stack', () => {
  assert.throws(() => expandWord('${a:-'.repeat(5000), lookup), DockerfileError);
});

test('unset variables are told, with what was used', () => {
  const unset: string[] = [];
  const used: string[] = [];
  const text = '$v ${none:-x} "$other"';
  expandWord(text, lookup, { onUnset: name => unset.push(name), onUse: name => used.push(name) });
  assert.deepEqual([unset, used], [['none', 'other'], ['v']]);
});

test('a pattern with many stars takes no exponential time', () => {
  const value = 'a'.repeat(2000);
  const begun = performance.now();
  expandWord(`\${long%${'*a'.repeat(60)}b}`, () => value);
  expandWord(`\${long//${'a*'.repeat(30)}b/x}`, () => 'a'.repeat(300));
  assert.ok(performance.now() - begun < 2000);
});

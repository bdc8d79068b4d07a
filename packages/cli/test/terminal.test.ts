// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape sequences are what is tested
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { showDuration } from '../src/show/duration.js';
import { editDistance, nearest } from '../src/show/nearest.js';
import { showSize } from '../src/show/size.js';
import { showTable } from '../src/show/table.js';
import { showsUnicode, wantsColour } from '../src/terminal/colour.js';
import { LineSplitter } from '../src/terminal/line-splitter.js';
import { oneLine, sanitizeLine } from '../src/terminal/sanitize.js';
import { displayWidth, fit } from '../src/terminal/width.js';

const colours = /\x1b\[[\d;:]*m/g;
/** Text in which escape sequences are likely. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\x1b',
        '\x1b[',
        '\x1b]',
        '\x1bP',
        '\x1b[31m',
        '\x1b[2J',
        '\x1b[?1049h',
        '\x1b]0;x\x07',
        '\x1b\\',
        '\x9b',
        '\x9d',
        '\x9c',
        '\r',
        '\t',
        '\x07',
        ';',
        '5',
        'm',
        'H',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
  )
  .map(parts => parts.join(''));

test('no output of a step can act on the terminal, whatever it is', () => {
  fc.assert(
    fc.property(hostile, text => {
      const clean = sanitizeLine(text, { colours: true });
      assert.doesNotMatch(clean.replace(colours, ''), /[\x00-\x1f\x7f-\x9f]/);
      assert.doesNotMatch(sanitizeLine(text, { colours: false }), /[\x00-\x1f\x7f-\x9f]/);
      assert.doesNotMatch(oneLine(text), /[\x00-\x1f\x7f-\x9f]/);
      if (clean.includes('\x1b')) assert.ok(clean.endsWith('\x1b[0m'));
    }),
    { numRuns: 2000 },
  );
});

const sanitized: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['\x1b[1;31mred\x1b[0m', '\x1b[1;31mred\x1b[0m\x1b[0m'],
  ['\x1b[38;5;200mx', '\x1b[38;5;200mx\x1b[0m'],
  ['a\x1b[2Jb\x1b[10;10Hc', 'abc'],
  ['\x1b]0;title\x07x\x1b]8;;http://y\x1b\\z', 'xz'],
  ['\x1bP1$r\x1b\\x', 'x'],
  ['\x1b[>4mx', 'x'],
  ['\x1b[', ''],
  ['\x1b]never ended', ''],
  ['10%\r20%\r', '20%'],
  ['text\r\r', 'text'],
  ['a\tb', 'a       b'],
  ['ab\x1b[1m\tc', 'ab\x1b[1m      c\x1b[0m'],
  ['a\u0000b\u0007c\u009bd', 'abc'],
  ['ünï→你', 'ünï→你'],
];
for (const [raw, clean] of sanitized) {
  test(`sanitized: ${JSON.stringify(raw)}`, () => assert.equal(sanitizeLine(raw, { colours: true }), clean));
}

test('widths: narrow, wide, combining, emoji, colours', () => {
  assert.equal(displayWidth('abc'), 3);
  assert.equal(displayWidth('你好'), 4);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('🚀'), 2);
  assert.equal(displayWidth('✔ │…'), 4);
  assert.equal(displayWidth('\x1b[31mab\x1b[0m'), 2);
});

test('a text that is cut fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 30 }), (text, cells) => {
      assert.ok(displayWidth(fit(text, cells)) <= cells);
      if (displayWidth(text) <= cells && cells > 0) assert.equal(fit(text, cells), text);
    }),
  );
  assert.equal(fit('abcdef', 4), 'abc…');
  assert.equal(fit('\x1b[31mabcdef', 4), '\x1b[31mabc…\x1b[0m');
  assert.equal(fit('你好吗', 4), '你…');
});

test('lines are the same however they arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n') })), pieces => {
      const splitter = new LineSplitter();
      const lines = [...pieces.flatMap(piece => splitter.push(piece)), ...splitter.flush()];
      const whole = pieces.join('').split('\n');
      assert.deepEqual(lines, whole.at(-1) === '' ? whole.slice(0, -1) : whole);
    }),
  );
});

test('a line that never ends does not fill the memory', () => {
  const splitter = new LineSplitter();
  let lines = 0;
  for (let i = 0; i < 100; i++) lines += splitter.push('x'.repeat(10_000)).length;
  assert.ok(lines >= 10 && splitter.pending.length <= 64 * 1024);
});

test('sizes and durations', () => {
  assert.deepEqual([0, 12, 999, 1000, 1234, 99_949, 99_950, 743e6, 1.5e9].map(showSize), [
    '0 B',
    '12 B',
    '999 B',
    '1.0 kB',
    '1.2 kB',
    '99.9 kB',
    '100 kB',
    '743 MB',
    '1.5 GB',
  ]);
  assert.deepEqual([0, 44, 50, 1234, 59_940, 59_960, 62_000, 3_599_400, 3_600_000, 7_500_000].map(showDuration), [
    '0.0s',
    '0.0s',
    '0.1s',
    '1.2s',
    '59.9s',
    '1m 00s',
    '1m 02s',
    '59m 59s',
    '1h 00m',
    '2h 05m',
  ]);
});

test('the nearest word', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('ab', 'ba'), 1);
  assert.equal(nearest('--bild-arg', ['--build-arg', '--build-context']), '--build-arg');
  assert.equal(nearest('zzz', ['build', 'plan']), undefined);
});

test('tables', () => {
  const table = showTable(
    [{ title: 'A' }, { title: 'SIZE', align: 'right' }],
    [
      ['你', '1'],
      ['b', '12345'],
    ],
  );
  assert.equal(table, 'A    SIZE\n你      1\nb   12345\n');
});

test('colours and characters follow the environment', () => {
  assert.equal(wantsColour({ isTTY: true }, { TERM: 'xterm' }), true);
  assert.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '', TERM: 'xterm' }), true);
  assert.equal(wantsColour({}, { FORCE_COLOR: '1' }), true);
  assert.equal(wantsColour({ isTTY: true }, { FORCE_COLOR: '0' }), false);
  assert.equal(wantsColour({}, {}), false);
  assert.equal(showsUnicode({ LANG: 'C' }), false);
  assert.equal(showsUnicode({}), false);
  assert.equal(showsUnicode({ LANG: 'de_DE.UTF-8' }), true);
  assert.equal(showsUnicode({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goDuration, goList, goQuote, goQuoteList } from '../src/instruction/go-format.js';

test('strings are quoted as %q does', () => {
  for (const [text, quoted] of [
    ['', '""'],
    ['plain text', '"plain text"'],
    ['say "hi" \\ bye', '"say \\"hi\\" \\\\ bye"'],
    ['a\tb\nc\rd', '"a\\tb\\nc\\rd"'],
    ['\x07\b\f\v', '"\\a\\b\\f\\v"'],
    ['\x00\x1b\x7f', '"\\x00\\x1b\\x7f"'],
    ['é 日本 😀', '"é 日本 😀"'],
    ['a\u00a0b\u200bc\u2028', '"a\\u00a0b\\u200bc\\u2028"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ["it's $HOME", '"it\'s $HOME"'],
  ] as const)
    assert.equal(goQuote(text), quoted);
});

test('lists have blanks between their items', () => {
  assert.equal(goQuoteList(['/bin/sh', '-c', 'echo "x"']), '["/bin/sh" "-c" "echo \\"x\\""]');
  assert.equal(goQuoteList([]), '[]');
  assert.equal(goList(['a b', 'c']), '[a b c]');
});

test('durations are written as Go prints them', () => {
  const second = 1e9;
  for (const [nanoseconds, text] of [
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [250e6, '250ms'],
    [30 * second, '30s'],
    [1.5 * second, '1.5s'],
    [90 * second, '1m30s'],
    [60 * second, '1m0s'],
    [3600 * second, '1h0m0s'],
    [3600 * second + 1.1 * second, '1h0m1.1s'],
    [25 * 3600 * second + 61 * second, '25h1m1s'],
  ] as const)
    assert.equal(goDuration(nanoseconds), text);
});

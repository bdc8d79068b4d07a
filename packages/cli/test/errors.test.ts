import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliError, errorCodes } from '../src/errors/cli-error.js';
import { excerptLines } from '../src/errors/excerpt.js';
import { renderError } from '../src/errors/render.js';
import { reportOf } from '../src/errors/report.js';
import { paint } from '../src/terminal/colour.js';

const noColours = paint(false);
const quiet = { debug: false } as const;
const excerpt = (source: string, where: { line: number; column: number; endLine?: number; endColumn?: number }) =>
  excerptLines(source.split('\n'), { file: 'Dockerfile', ...where }, noColours).join('\n');

test('an excerpt underlines the words that are wrong', () => {
  const shown = excerpt('FROM a\nRUN x\nCOPY --chwon=1 a b\nCMD c', { line: 3, column: 6, endColumn: 15 });
  assert.equal(shown, '   1 | FROM a\n   2 | RUN x\n   3 | COPY --chwon=1 a b\n     |      ^^^^^^^^^\n   4 | CMD c');
});

test('an excerpt at the start and at the end of a file', () => {
  assert.equal(excerpt('RUNN x', { line: 1, column: 1, endColumn: 5 }), '   1 | RUNN x\n     | ^^^^');
  assert.equal(excerpt('a\nb', { line: 2, column: 1 }), '   1 | a\n   2 | b\n     | ^');
  assert.equal(excerpt('a', { line: 9, column: 1 }), '');
});

test('the caret stands below the right cell after tabs and wide characters', () => {
  assert.equal(excerpt('\tRUN x', { line: 1, column: 2, endColumn: 5 }), '   1 |         RUN x\n     |         ^^^');
  assert.equal(excerpt('# 你 x', { line: 1, column: 5, endColumn: 6 }), '   1 | # 你 x\n     |      ^');
});

test('an excerpt of several lines marks them, and leaves out the middle of many', () => {
  assert.equal(
    excerpt('a\nRUN \\\n x\nb', { line: 2, column: 1, endLine: 3, endColumn: 3 }),
    '   1 | a\n>  2 | RUN \\\n>  3 |  x\n   4 | b',
  );
  const many = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`).join('\n');
  assert.equal(
    excerpt(many, { line: 3, column: 1, endLine: 15, endColumn: 2 }),
    [
      '   1 | line 1',
      '   2 | line 2',
      '>  3 | line 3',
      '>  4 | line 4',
      '>  5 | line 5',
      '>  6 | line 6',
      '     …',
      '> 15 | line 15',
      '  16 | line 16',
    ].join('\n'),
  );
});

test('an error with everything', () => {
  const error = Object.assign(new Error('COPY finds no sorce.txt'), {
    code: 'E_COPY_SOURCE_MISSING',
    hint: 'did you mean source.txt?',
    where: { file: 'Dockerfile', line: 1, column: 6, endLine: 1, endColumn: 15 },
  });
  const report = { ...reportOf(error, quiet), source: ['COPY sorce.txt /'] };
  assert.equal(report.exitCode, 1);
  assert.equal(
    renderError(report, noColours),
    [
      'error: COPY finds no sorce.txt [E_COPY_SOURCE_MISSING]',
      '  at Dockerfile:1:6',
      '   1 | COPY sorce.txt /',
      '     |      ^^^^^^^^^',
      '  hint: did you mean source.txt?',
      '',
    ].join('\n'),
  );
});

test('the range of an error of the language is a place', () => {
  const range = { file: 'D', start: { line: 2, column: 3 }, end: { line: 2, column: 9 } };
  const report = reportOf(Object.assign(new Error('x'), { code: 'E_UNKNOWN_FLAG', range }), quiet);
  assert.deepEqual(report.where, { file: 'D', line: 2, column: 3, endLine: 2, endColumn: 9 });
  assert.equal(report.exitCode, 1);
});

test('problems of a plugin are listed', () => {
  const error = Object.assign(new Error('the options do not fit'), {
    code: 'E_PLUGIN_OPTIONS',
    data: { problems: ['level: 99 is too high', 'x: unknown'] },
  });
  const report = reportOf(error, quiet);
  assert.equal(report.exitCode, 2);
  assert.match(renderError(report, noColours), /\n {2}- level: 99 is too high\n {2}- x: unknown\n/);
});

test('an error that points into the Dockerfile is never a wrong call', () => {
  const where = { file: 'Dockerfile', line: 1, column: 1 };
  assert.equal(reportOf(Object.assign(new Error('x'), { code: 'E_BAD_FLAGS', where }), quiet).exitCode, 1);
  assert.equal(reportOf(new CliError('E_BAD_FLAGS', 'x'), quiet).exitCode, 2);
});

test('what is not an error at all is a fault of ours', () => {
  for (const thrown of ['text', undefined, null, 7, { a: 1 }]) {
    const report = reportOf(thrown, quiet);
    assert.equal(report.code, 'E_INTERNAL');
    assert.equal(report.exitCode, 1);
    assert.equal(report.stack, undefined);
  }
});

test('the stack of a fault names its causes, where it is asked for', () => {
  const report = reportOf(new Error('outer', { cause: new TypeError('inner') }), { debug: true });
  assert.match(report.stack ?? '', /Error: outer.*caused by: TypeError: inner/s);
});

test('whatever is thrown after an interruption is the interruption', () => {
  assert.deepEqual(reportOf(new Error('x'), { debug: true, interruptedBy: 'SIGINT' }), {
    code: 'E_INTERRUPTED',
    message: 'interrupted',
    exitCode: 130,
  });
});

test('messages cannot act on the terminal', () => {
  const report = reportOf(
    Object.assign(new Error('bad \x1b]0;x\x07name\x1b[2J'), { code: 'E_X', hint: 'a\x1b[1Jb' }),
    quiet,
  );
  assert.equal(renderError(report, noColours), 'error: bad name [E_X]\n  hint: ab\n');
});

test('every code has a meaning in one line', () => {
  for (const [code, meaning] of Object.entries(errorCodes)) {
    assert.match(code, /^[EW]_[A-Z_]+$/);
    assert.match(meaning, /^[^\n.]{10,}$/);
  }
});

test('errors of registries name the flag or command that helps', () => {
  const tls = reportOf(Object.assign(new Error('x'), { code: 'E_REGISTRY_TLS', hint: 'trust it' }), quiet);
  assert.match(tls.hint ?? '', /^trust it; --registry-certificate,.*--skip-tls-verify-registry/);
  assert.match(reportOf(Object.assign(new Error('x'), { code: 'E_UNAUTHORIZED' }), quiet).hint ?? '', /varve login/);
  assert.equal(reportOf(Object.assign(new Error('x'), { code: 'E_DENIED' }), quiet).hint, undefined);
});

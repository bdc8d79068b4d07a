import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseChmod } from '../src/instruction/transfer/chmod.js';

const base = mkdtempSync(join(tmpdir(), 'varve-chmod-'));
after(() => rmSync(base, { recursive: true, force: true }));

test('octal modes are taken as they are, for files and directories alike', () => {
  for (const [text, mode] of [
    ['755', 0o755],
    ['0644', 0o644],
    ['4755', 0o4755],
    ['0', 0],
    ['7777', 0o7777],
    ['00000600', 0o600],
  ] as const)
    for (const isDirectory of [false, true]) assert.equal(parseChmod(text)(0o640, isDirectory), mode, text);
});

/** Modes whose meaning does not depend on the umask or on what chmod(1) keeps of directories. */
const symbolic = [
  'u=rwX,go=rX',
  'a+x',
  'go-w',
  'u+s',
  'g+s',
  'a-x+X',
  'ug=r,o=',
  'u=rw,go+r-x',
  'a=,u+rwx',
  'o+t',
  'u=s',
  'g=u,o=',
  'go=u-w',
  'o-g+x',
  'ug+o',
];

test('symbolic modes mean what chmod(1) means by them', () => {
  for (const [index, text] of symbolic.entries())
    for (const mode of [0o640, 0o711, 0o000, 0o4755]) {
      const file = join(base, `file-${index}-${mode}`);
      writeFileSync(file, '');
      chmodSync(file, mode);
      execFileSync('chmod', [text, file]);
      const wanted = statSync(file).mode & 0o7777;
      assert.equal(parseChmod(text)(mode, false).toString(8), wanted.toString(8), `${text} on ${mode.toString(8)}`);
    }
});

test('X makes directories searchable, and files only where somebody could run them', () => {
  const change = parseChmod('a=rX');
  assert.equal(change(0o600, true), 0o555);
  assert.equal(change(0o600, false), 0o444);
  assert.equal(change(0o610, false), 0o555);
  const directory = join(base, 'directory');
  mkdirSync(directory, { mode: 0o700 });
  execFileSync('chmod', ['a=rX', directory]);
  assert.equal(statSync(directory).mode & 0o777, 0o555);
});

test('clauses that name nobody mean everybody', () => {
  assert.equal(parseChmod('+x')(0o644, false), 0o755);
  assert.equal(parseChmod('=r')(0o777, false), 0o444);
});

test('what is no mode is refused', () => {
  for (const text of ['', '8', '10000', '888', '75x', 'u', 'u+z', 'x+r', 'u=rw,', ',u=r', 'u=gr', '-1', '0o755'])
    assert.throws(() => parseChmod(text), { code: 'E_VALUE_INVALID' }, JSON.stringify(text));
});

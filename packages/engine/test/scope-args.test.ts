import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '@varve/dockerfile';
import { type GlobalScope, globalScope, type ScopeInput } from '../src/graph/scope.js';

const amd64 = { os: 'linux', architecture: 'amd64' };

function scope(text: string, more: Partial<ScopeInput> = {}): GlobalScope {
  return globalScope(parseDockerfile(`${text}\nFROM scratch\n`), {
    buildArgs: {},
    env: {},
    buildPlatform: amd64,
    targetPlatform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    ...more,
  });
}

test('defaults see the arguments before them, also on the same line, and not those behind', () => {
  const { globals } = scope('ARG A=1 B=$A-2\nARG C=$B-$D\nARG D=4\n');
  assert.deepEqual(
    ['A', 'B', 'C', 'D'].map(name => globals.get(name)),
    ['1', '1-2', '1-2-', '4'],
  );
});

test('a given value wins, and whatever builds on it sees it', () => {
  const { globals, given } = scope('ARG A=1\nARG B=$A$A\nARG NONE', {
    buildArgs: { A: 'x', B: undefined, OTHER: 'o' },
  });
  assert.equal(globals.get('A'), 'x');
  assert.equal(globals.get('B'), 'xx');
  assert.equal(globals.has('NONE'), false);
  // Not declared here: no global, but a stage may declare it.
  assert.equal(globals.has('OTHER'), false);
  assert.deepEqual(
    [...given],
    [
      ['A', 'x'],
      ['OTHER', 'o'],
    ],
  );
});

test('a build argument without a value comes from the environment, and is absent where that has none', () => {
  const { given } = scope('', {
    buildArgs: { HERE: undefined, GONE: undefined, EMPTY: '' },
    env: { HERE: 'h', X: 'x' },
  });
  assert.deepEqual(Object.fromEntries(given), { HERE: 'h', EMPTY: '' });
});

test('SOURCE_DATE_EPOCH comes from the environment unasked, and a given one before it', () => {
  const env = { SOURCE_DATE_EPOCH: '1', OTHER: 'o' };
  assert.deepEqual(Object.fromEntries(scope('', { env }).given), { SOURCE_DATE_EPOCH: '1' });
  assert.equal(scope('', { env, buildArgs: { SOURCE_DATE_EPOCH: '2' } }).given.get('SOURCE_DATE_EPOCH'), '2');
  assert.equal(scope('', { env, buildArgs: { SOURCE_DATE_EPOCH: undefined } }).given.get('SOURCE_DATE_EPOCH'), '1');
  assert.equal(scope('').given.has('SOURCE_DATE_EPOCH'), false);
});

test('platforms and the target are known without an ARG, and can be overridden', () => {
  const { globals } = scope('ARG COPY_OF=$TARGETPLATFORM\nARG TARGETARCH');
  assert.equal(globals.get('BUILDPLATFORM'), 'linux/amd64');
  assert.equal(globals.get('BUILDVARIANT'), '');
  assert.equal(globals.get('TARGETPLATFORM'), 'linux/arm/v7');
  assert.equal(globals.get('TARGETVARIANT'), 'v7');
  assert.equal(globals.get('COPY_OF'), 'linux/arm/v7');
  // Declaring it takes nothing away.
  assert.equal(globals.get('TARGETARCH'), 'arm');
  assert.equal(globals.get('TARGETSTAGE'), 'default');
  assert.equal(scope('', { target: 'web' }).globals.get('TARGETSTAGE'), 'web');
  assert.equal(scope('', { target: '' }).globals.get('TARGETSTAGE'), 'default');
  assert.equal(scope('', { buildArgs: { TARGETARCH: 'mine' } }).globals.get('TARGETARCH'), 'mine');
});

test('without a target the last stage is it, by its name', () => {
  const input = { buildArgs: {}, env: {}, buildPlatform: amd64, targetPlatform: amd64 };
  const stage = (text: string) => globalScope(parseDockerfile(text), input).globals.get('TARGETSTAGE');
  assert.equal(stage('FROM scratch AS One\nFROM scratch AS Two'), 'two');
  assert.equal(stage('FROM scratch AS one\nFROM one'), 'default');
});

test('proxy arguments that were given are set apart, in both spellings', () => {
  const { proxies, globals } = scope('', { buildArgs: { HTTP_PROXY: 'a', no_proxy: 'b', PROXY: 'c' } });
  assert.deepEqual(Object.fromEntries(proxies), { HTTP_PROXY: 'a', no_proxy: 'b' });
  assert.equal(globals.has('HTTP_PROXY'), false);
});

test('a required variable that is missing is an error of the language', () => {
  const text = 'ARG A=$' + '{B:?give-B}';
  assert.throws(() => scope(text), { code: 'E_VARIABLE_REQUIRED' });
  assert.doesNotThrow(() => scope(text, { buildArgs: { A: '1' } }));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../src/errors.js';
import { expandWord, expandWords } from '../src/expand/expand.js';
import { readShared, skipShared } from './shared-language.js';

const variables = new Map([
  ['PWD', '/home'],
  ['SHELL', 'bash'],
  ['KOREAN', '한국어'],
  ['NULL', ''],
]);

test('every row of the shared expansions', { skip: skipShared }, t => {
  let rows = 0;
  for (const line of readShared('expand.txt').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [platform = '', input = '', expected = ''] = line.split('|').map(field => field.trim());
    const windows = platform === 'W';
    rows++;
    const expand = () => expandWord(input, name => variables.get(name), { platform: windows ? 'windows' : 'unix' });
    if (expected === 'error') assert.throws(expand, DockerfileError, line);
    else assert.equal(expand(), expected, line);
  }
  assert.ok(rows > 200);
  t.diagnostic(`${rows} rows`);
});

test('every row of the shared word splittings', { skip: skipShared }, t => {
  const env = new Map<string, string>();
  let rows = 0;
  for (const line of readShared('split.txt').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const setting = /^ENV ([^=]+)=(.*)$/s.exec(line);
    if (setting !== null) {
      env.set(setting[1] ?? '', setting[2] ?? '');
      continue;
    }
    const bar = line.indexOf('|');
    const input = line.slice(0, bar).trim();
    const expected = line.slice(bar + 1).trimStart();
    rows++;
    const expand = () => expandWords(input, name => env.get(name));
    if (expected === 'error') assert.throws(expand, DockerfileError, line);
    else assert.deepEqual(expand(), expected.split(','), line);
  }
  assert.ok(rows >= 20);
  t.diagnostic(`${rows} rows`);
});

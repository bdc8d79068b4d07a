import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../src/commands/index.js';
import { assertGolden } from './golden.js';
import { varve } from './spawn-varve.js';

const ids = Object.keys(commands);

test('help for varve itself, by --help, help and no words at all', async () => {
  const shown = await Promise.all([varve(['--help']), varve(['help']), varve([])]);
  for (const { code, stdout, stderr } of shown) {
    assert.equal(code, 0, stderr);
    assertGolden('help.txt', stdout);
  }
});

for (const id of ids) {
  const words = id.split(':');
  test(`help for varve ${words.join(' ')}`, async () => {
    const { code, stdout, stderr } = await varve([...words, '--help']);
    assert.equal(code, 0, stderr);
    assertGolden(`help-${words.join('-')}.txt`, stdout);
    for (const line of stdout.split('\n')) {
      const command = line.trimStart().startsWith('$ ');
      assert.ok(command || line.length <= 80, `wider than 80 characters: ${line}`);
    }
  });
}

test('help for a topic lists its commands', async () => {
  const { code, stdout } = await varve(['help', 'cache']);
  assert.equal(code, 0);
  assertGolden('help-cache.txt', stdout);
});

test('arguments beside --help do no harm', async () => {
  const { code, stdout } = await varve(['build', '--target', 'x', '.', '--help']);
  assert.equal(code, 0);
  assert.match(stdout, /^Build an image from a Dockerfile\n/);
});

test('every command has a summary and an example', () => {
  for (const [id, command] of Object.entries(commands)) {
    assert.ok(command.summary !== undefined && command.summary !== '', id);
    assert.ok(command.examples.length > 0, id);
  }
});

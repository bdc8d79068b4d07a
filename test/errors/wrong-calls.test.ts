import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const wrongCalls: readonly { readonly name: string; readonly args: readonly string[]; readonly says: RegExp }[] = [
  { name: 'an unknown command', args: ['bulid', '.'], says: /build/ },
  { name: 'an unknown flag', args: ['build', '.', '--targt', 'x'], says: /target/ },
  { name: 'a flag without its value', args: ['build', '.', '--target'], says: /target/ },
  { name: 'two contexts', args: ['build', '.', 'other'], says: /other/ },
  { name: 'an output of no known type', args: ['build', '.', '-o', 'type=zip,dest=x'], says: /zip/ },
  { name: 'an output without a type', args: ['build', '.', '-o', 'dest=x'], says: /type/ },
  { name: 'a snapshotter that nobody provides', args: ['build', '.', '--snapshot', 'magic'], says: /magic/ },
  { name: 'an executor that nobody provides', args: ['build', '.', '--executor', 'magic'], says: /magic/ },
  { name: 'a progress that is none', args: ['build', '.', '--progress', 'loud'], says: /loud/ },
  { name: 'a tag that is none', args: ['build', '.', '-t', 'UPPER CASE'], says: /UPPER CASE/ },
  { name: 'a cache that nobody provides', args: ['build', '.', '--cache', 'magic'], says: /magic/ },
];

describe('a call that is wrong', () => {
  let bench: Workbench;
  let varve: Varve;

  before(() => {
    bench = openWorkbench('calls');
    mkdirSync(bench.path('context'));
    writeFileSync(bench.path('context/Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
    varve = varveWith(bench.path('store'));
  });
  after(() => bench?.close());

  for (const { name, args, says } of wrongCalls) {
    test(`${name}: exit code 2 and one clear error`, async () => {
      const outcome = await varve(args, { cwd: bench.path('context') });
      assert.equal(outcome.code, 2, transcript(outcome));
      assert.equal(outcome.stdout, '');
      assert.equal(outcome.stderr.match(/^error: /gm)?.length, 1, transcript(outcome));
      assert.match(outcome.stderr, says);
    });
  }

  test('a plain build beside them works, as any user', async () => {
    const outcome = await varve(['build', '.', '-o', `type=oci,dest=${bench.path('out')}`], {
      cwd: bench.path('context'),
    });
    assert.equal(outcome.code, 0, transcript(outcome));
  });
});

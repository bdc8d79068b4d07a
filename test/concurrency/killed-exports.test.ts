import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { need } from '../rig/need.js';
import { transcript, varveWith } from '../rig/varve.js';
import { openWorkbench } from '../rig/workbench.js';

const skip = need('linux');

/** Outputs by what they make in the folder `out`; a layout twice: a new folder, and one that has an image. */
const outputs = ['type=oci,dest=out/a.tar', 'type=tar,dest=out/b.tar', 'type=oci,dest=out/c', 'type=local,dest=out/d'];

test('builds that are killed while they write outputs leave nothing there that the next build does not remove', {
  skip,
  timeout: 300_000,
}, async () => {
  await using bench = openWorkbench('killed-exports');
  const varve = varveWith(bench.path('store'));
  const out = bench.path('out');
  mkdirSync(bench.path('context'));
  mkdirSync(out);
  writeFileSync(bench.path('context/large'), randomBytes(60e6));
  writeFileSync(bench.path('Dockerfile'), 'FROM scratch\nCOPY large /\n');
  const build = (output: string, started?: (pid: number) => void) =>
    varve(['build', bench.path('context'), '-f', bench.path('Dockerfile'), '-o', output.replace('out', out)], {
      ...(started === undefined ? {} : { started }),
    });
  /** Everything in `out`, at any depth, that has a name of its own for a time only. */
  const unfinished = (): readonly string[] =>
    readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.tmp'));
  const first = await varve(['build', bench.path('context'), '-f', bench.path('Dockerfile')]);
  assert.equal(first.code, 0, transcript(first));

  for (const output of [...outputs, 'type=oci,dest=out/e']) {
    if (output.endsWith('/e')) {
      // Into a layout that is there already.
      writeFileSync(bench.path('context/other'), 'other');
      writeFileSync(bench.path('Dockerfile.other'), 'FROM scratch\nCOPY other /\n');
      await varve([
        'build',
        bench.path('context'),
        '-f',
        bench.path('Dockerfile.other'),
        '-o',
        `type=oci,dest=${out}/e`,
      ]);
      assert.ok(existsSync(`${out}/e/index.json`));
    }
    let killed = false;
    const outcome = await build(output, async pid => {
      while (unfinished().length === 0) await sleep(1);
      process.kill(pid, 'SIGKILL');
      killed = true;
    });
    assert.ok(killed && outcome.signal === 'SIGKILL', transcript(outcome));
    assert.notDeepEqual(unfinished(), [], `${output} was finished all the same`);
    const next = await build(output);
    assert.equal(next.code, 0, transcript(next));
    assert.deepEqual(unfinished(), [], output);
  }
});

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { baseLayout } from '../rig/bases.js';
import { need } from '../rig/need.js';
import { must } from '../rig/run.js';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'busybox', 'umoci');
const limit = { timeout: 600_000 };

describe('a cache mount goes from one store to another', { skip }, () => {
  let bench: Workbench;
  let base: string;

  before(async () => {
    bench = openWorkbench('cache-mounts');
    base = `base=oci-layout://${await baseLayout('busybox')}:latest`;
  });
  after(() => bench?.close());

  const call = async (varve: Varve, ...args: readonly string[]): Promise<string> => {
    const outcome = await varve(args, limit);
    assert.equal(outcome.code, 0, transcript(outcome));
    return outcome.stdout;
  };

  /** Runs a script over the cache `packages`; gives what it writes to /out. */
  const step = async (varve: Varve, script: string): Promise<string> => {
    const context = bench.path('context');
    const to = bench.path('out');
    mkdirSync(context, { recursive: true });
    const mount = '--mount=type=cache,id=packages,target=/c';
    const made = `FROM base AS made\nRUN ${mount} (${script}) > /out\nFROM scratch\nCOPY --from=made /out /\n`;
    writeFileSync(bench.path('context', 'Dockerfile'), made);
    await call(varve, 'build', context, '--build-context', base, '-o', `type=local,dest=${to}`);
    return must('cat', [`${to}/out`]);
  };

  test('ls, export, import and rm of the command line, and builds between them', limit, async () => {
    const [here, there] = ['here', 'there'].map(name => varveWith(bench.path(name))) as [Varve, Varve];
    await step(here, 'mkdir -m 710 /c/d && echo kept > /c/d/f && chown 5:6 /c/d/f && ln /c/d/f /c/again');
    const [row] = JSON.parse(await call(here, 'cache', 'mounts', 'ls', '--json'));
    assert.deepEqual([row.id, row.inUse], ['packages', false]);

    const archive = bench.path('packages.tgz');
    assert.match(await call(here, 'cache', 'mounts', 'export', 'packages', archive), /^exported packages, /);
    const names = (await must('tar', ['-tzf', archive])).trim().split('\n').sort();
    assert.deepEqual(
      names.filter(name => !/^\.?\/?$/.test(name)).map(name => name.replace(/^\.\//, '')),
      ['again', 'd/', 'd/f'],
    );

    assert.match(await call(there, 'cache', 'mounts', 'import', 'packages', archive), /^imported packages, /);
    const seen = await step(there, "cat /c/d/f; stat -c '%u %g %h' /c/again; stat -c %a /c/d");
    assert.equal(seen, 'kept\n5 6 2\n710\n');

    assert.match(await call(there, 'cache', 'mounts', 'rm', 'packages'), /^removed packages, /);
    assert.deepEqual(JSON.parse(await call(there, 'cache', 'mounts', 'ls', '--json')), []);
    assert.equal(await step(there, 'ls /c | wc -l'), '0\n');
  });
});

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pushBases } from '../rig/bases.js';
import { mountsWith, processesWith, untilNone } from '../rig/leftovers.js';
import { need } from '../rig/need.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');

const ways = [
  { name: 'Ctrl-C, to the whole group as a terminal does', signal: 'SIGINT', group: true, code: 130 },
  { name: 'SIGINT to varve alone', signal: 'SIGINT', group: false, code: 130 },
  { name: 'SIGTERM to varve alone', signal: 'SIGTERM', group: false, code: 143 },
  { name: 'SIGKILL to varve alone', signal: 'SIGKILL', group: false, code: null },
] as const;

describe('a build that is ended in the middle of a RUN', { skip }, () => {
  let bench: Workbench;
  let registry: Registry;
  let varve: Varve;

  before(async () => {
    bench = openWorkbench('interrupted');
    registry = await startRegistry(bench);
    await pushBases(registry, ['busybox']);
    varve = varveWith(bench.path('store'));
    mkdirSync(bench.path('context'));
  });
  after(() => bench?.close());

  for (const [index, { name, signal, group, code }] of ways.entries()) {
    test(`${name}: children and mounts are gone, the next build is fine`, { timeout: 400_000 }, async () => {
      const seconds = String(500_000 + index * 100_000 + (process.pid % 99_999));
      const file = bench.path('Dockerfile');
      const text = `FROM ${registry.host}/busybox\nRUN echo ${index} > /before\nRUN sleep ${seconds} & echo has-begun; trap '' INT; sleep ${seconds}\n`;
      writeFileSync(file, text);
      const output = ['-o', `type=oci,dest=${bench.path(`out-${index}`)}`];
      let pid = 0;
      let sent = false;
      const ended = await varve(['build', bench.path('context'), '-f', file, '--progress', 'plain', ...output], {
        started: id => {
          pid = id;
        },
        onStderr: piece => {
          if (sent || !/^(?!.*RUN).*has-begun/m.test(piece)) return;
          sent = true;
          process.kill(group ? -pid : pid, signal);
        },
        timeout: 180_000,
      });
      assert.ok(sent, transcript(ended));
      assert.equal(ended.code, code, transcript(ended));
      assert.deepEqual(await untilNone(() => processesWith(seconds)), [], 'processes of the step live on');
      assert.deepEqual(await untilNone(() => processesWith(varve.store)), [], 'processes of varve live on');
      assert.deepEqual(await untilNone(() => mountsWith(bench.path('store'))), [], 'mounts are left');
      assert.ok(!existsSync(bench.path(`out-${index}`)), 'an output was written');
      writeFileSync(file, text.replaceAll(`sleep ${seconds}`, 'true'));
      const next = await varve(['build', bench.path('context'), '-f', file, ...output]);
      assert.equal(next.code, 0, transcript(next));
      assert.ok(existsSync(bench.path(`out-${index}`, 'index.json')));
    });
  }
});

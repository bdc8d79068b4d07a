import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { snapshotterOf } from '@varve/engine/testing';
import plugin from '../src/index.js';

const signal = AbortSignal.timeout(60_000);
const skip = process.geteuid?.() === 0 ? false : 'overlays are mounted by root';

test('links stay together where a mount namespace that a step left is gone only a moment later', { skip }, async () => {
  const dir = mkdtempSync(`${tmpdir()}/varve-overlay-`);
  try {
    await using root = await (await snapshotterOf(plugin)).open({ dir, canChown: true }, signal);
    const changed = async (): Promise<readonly string[]> => {
      const told: string[] = [];
      for await (const change of root.capture([], signal)) {
        const group = change.kind === 'write' ? change.entry.linkGroup : undefined;
        if (change.path !== '') told.push(`${change.kind} ${change.path}, group ${group}`);
      }
      return told;
    };
    writeFileSync(`${root.dir}/a`, 'one');
    linkSync(`${root.dir}/a`, `${root.dir}/b`);
    // A copy of this namespace, with all that is mounted in it.
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', 'echo there; exec sleep 0.3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    assert.deepEqual(await changed(), ['write a, group 1', 'write b, group 1']);
    appendFileSync(`${root.dir}/a`, ', two');
    assert.deepEqual(await changed(), ['write a, group 1', 'write b, group 1']);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

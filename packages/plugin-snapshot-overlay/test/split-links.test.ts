import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { layerTar, snapshotterOf } from '@varve/engine/testing';
import plugin from '../src/index.js';

const skip = process.geteuid?.() === 0 ? false : 'overlays are mounted by root';
const signal = AbortSignal.timeout(60_000);

/** Size and link group of each change after appending to one of two names of a file of the base. */
async function afterAppending(
  options: Readonly<Record<string, string>>,
  ignored: readonly string[] = [],
): Promise<readonly unknown[]> {
  const dir = mkdtempSync(join(tmpdir(), 'varve-overlay-'));
  try {
    await using root = await (await snapshotterOf(plugin, options)).open({ dir, canChown: true }, signal);
    const tar = (): AsyncIterable<Uint8Array> => layerTar({ one: 'base', two: { type: 'link', to: 'one' } });
    await root.apply({ diffId: 'sha256:a', tar }, signal);
    await root.beforeRun();
    appendFileSync(join(root.dir, 'two'), ' and more');
    const told: unknown[] = [];
    for await (const change of root.capture(ignored, signal)) {
      assert.equal(change.kind, 'write');
      if (change.kind === 'write') told.push([change.path, change.entry.size, change.entry.linkGroup !== undefined]);
    }
    return told;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test('index=auto: what is written to one name of a file of the base is in all of them, where the kernel can do so', {
  skip,
}, async () => {
  assert.deepEqual(await afterAppending({}), [
    ['one', 13, true],
    ['two', 13, true],
  ]);
});

test('index=off: it is in the one name, and they are two files from then on', { skip }, async () => {
  assert.deepEqual(await afterAppending({ index: 'off' }), [
    ['one', 4, false],
    ['two', 13, false],
  ]);
});

test('a name that is passed over is not told of, though the file was written to through another one', {
  skip,
}, async () => {
  assert.deepEqual(await afterAppending({}, ['one']), [['two', 13, false]]);
});

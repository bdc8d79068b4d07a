import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../test/golden/', import.meta.url));

/** Compares a text with test/golden/NAME. With `UPDATE_GOLDEN=1` in the environment the file is written instead. */
export function assertGolden(name: string, actual: string): void {
  const path = folder + name;
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, actual);
    return;
  }
  assert.equal(actual, readFileSync(path, 'utf8'), `differs from test/golden/${name}`);
}

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, seen from the compiled rig (test/dist/rig). */
export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** A path in the repository. */
export function inRepository(...names: readonly string[]): string {
  return join(repository, ...names);
}

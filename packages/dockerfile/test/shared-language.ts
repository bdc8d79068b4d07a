import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Data shared by several implementations of the language; it lies beside the repository, where it exists. */
const folder = fileURLToPath(new URL('../../../../../shared/language/', import.meta.url));

/** Why a test that reads the shared data is skipped; false when it is there. */
export const skipShared: string | false = existsSync(folder)
  ? false
  : 'the folder ../shared/language is not beside the repository';

export function readShared(path: string): string {
  return readFileSync(folder + path, 'utf8');
}

export function listShared(path: string): readonly string[] {
  return skipShared === false ? readdirSync(folder + path).toSorted() : [];
}

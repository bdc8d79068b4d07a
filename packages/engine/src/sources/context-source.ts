import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileIgnore } from '@varve/dockerfile';
import type { FolderEvidence } from '../kit/folder-evidence.js';
import { scanFolder } from '../kit/scan-folder.js';
import { VarveError } from '../model/error.js';
import { onDisk } from '../path/bytes.js';
import type { OpenedSource } from '../plugin/instruction.js';
import type { Tree } from '../tree/index.js';

/** A folder of the user's as a source: without what its ignore file leaves out. */
export interface ContextSource extends OpenedSource {
  readonly tree: Tree;
  readonly dir: string;
  /** What stat said of its files. */
  readonly evidence: FolderEvidence;
  /** True where a path is on disk but an ignore file leaves it out. */
  ignores(path: string): boolean;
}

/**
 * Looks a context folder through. `ignoreFiles` are candidates for its ignore file, the first that exists counts. Owners of files do
 * not matter: they become root's. Errors: `E_BAD_PATTERN` with the place, `E_CONTEXT_INVALID`.
 */
export function openContextFolder(dir: string, ignoreFiles: readonly string[]): ContextSource {
  const ignoreFile = ignoreFiles.find(file => existsSync(file));
  const matcher =
    ignoreFile === undefined ? undefined : compileIgnore(readFileSync(ignoreFile, 'utf8'), { file: ignoreFile });
  const found = readable(dir, () => scanFolder(dir, matcher?.root));
  return {
    dir,
    evidence: found.evidence,
    get tree() {
      return readable(dir, () => found.tree);
    },
    keepsOwners: false,
    contents: paths => Promise.resolve(paths.map(path => ({ kind: 'path', path: onDisk(dir, path) }))),
    ignores: path => matcher?.matches(path) === true && existsSync(join(dir, path)),
  };
}

function readable<T>(dir: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new VarveError('E_CONTEXT_INVALID', `the context ${dir} cannot be read: ${(cause as Error).message}`, {
      hint: 'make its files readable, or leave what is not needed out with .dockerignore',
      cause,
    });
  }
}

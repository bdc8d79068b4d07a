import type { TreePath } from '../model/path.js';
import { pathToBytes } from '../path/bytes.js';

/** Paths that a walk passes over, as a trie of names; `'here'` is such a path, all below it with it. Plain data. */
export type IgnoredPaths = ReadonlyMap<string, IgnoredPaths | 'here'>;

type Trie = Map<string, Trie | 'here'>;

/** Undefined where there is nothing to ignore. */
export function ignoredPaths(paths: readonly TreePath[]): IgnoredPaths | undefined {
  const root: Trie = new Map();
  for (const path of paths) if (path !== '') add(root, path.split('/').map(keyOf));
  return root.size === 0 ? undefined : root;
}

/** What the trie knows of the name `bytes[from, to)`. */
export function ignoredName(
  trie: IgnoredPaths,
  bytes: Uint8Array,
  from: number,
  to: number,
): IgnoredPaths | 'here' | undefined {
  return trie.get(latin1(bytes.subarray(from, to)));
}

function add(trie: Trie, [name, ...rest]: readonly string[]): void {
  if (name === undefined) return;
  const known = trie.get(name);
  if (known === 'here') return;
  if (rest.length === 0) {
    trie.set(name, 'here');
    return;
  }
  const below: Trie = known ?? new Map();
  trie.set(name, below);
  add(below, rest);
}

function keyOf(name: string): string {
  return latin1(pathToBytes(name));
}

/** Bytes as a string with one character each: names compare without being decoded. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

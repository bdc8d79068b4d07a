import { readXattrs } from '../sys/index.js';

/** Attributes that say how this machine keeps a file, not what the file is: overlayfs' own, and labels of a local policy. */
const local = /^(?:(?:trusted|user)\.overlay\.|security\.selinux$|security\.ima$|security\.evm$|system\.)/;

/** The extended attributes of a path that belong in a layer, sorted by name; undefined where there are none. Links are not followed. */
export function keptXattrs(path: string | Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  const all = readXattrs(path);
  if (all === undefined) return undefined;
  const kept = [...all].filter(([name]) => !local.test(name));
  return kept.length === 0 ? undefined : new Map(kept);
}

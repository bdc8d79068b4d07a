import { chmodSync, lchownSync } from 'node:fs';
import { setTimes, setXattr } from '../sys/index.js';
import { Looker } from './look.js';

/** Gives a directory that was just made owner, mode, xattrs and time of another one. Errors: those of the file system. */
export function copyMetadata(from: string, to: string): void {
  const entry = new Looker().look(from)?.entry;
  if (entry === undefined) return;
  lchownSync(to, entry.uid, entry.gid);
  chmodSync(to, entry.mode);
  for (const [name, value] of entry.xattrs ?? []) setXattr(to, name, value);
  setTimes(to, entry.mtimeNs);
}

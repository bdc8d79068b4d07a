import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const magic = 0xbeefc0de;
/** Offsets in a meta page of LMDB's data format 2, as lmdb-js writes it: a header of 24 bytes, then `MDB_meta`. */
const at = { magic: 24, pageSize: 48, lastPage: 144 } as const;
const metaBytes = 160;

/** How long a file that is no whole database may take to become one: another process may be making it just now. */
const settleMs = 500;
const pollMs = 25;

/**
 * Could LMDB map this data file without reading beyond its end? LMDB trusts its meta pages, and a file that is shorter than
 * they say, or has none, ends the process with a signal that nothing can catch. An empty file is a database to be. A file that
 * does not look whole is looked at again for half a second before the answer is no, since other processes make and grow it.
 */
export async function isMappable(file: string): Promise<boolean> {
  for (let waited = 0; waited < settleMs; waited += pollMs) {
    if (looksWhole(file)) return true;
    await setTimeout(pollMs);
  }
  return looksWhole(file);
}

function looksWhole(file: string): boolean {
  const fd = openSync(file, 'r');
  try {
    const first = readMeta(fd, 0);
    const second = first && readMeta(fd, first.pageSize);
    // The size comes after the metas: writers grow the file before a meta page speaks of the new pages.
    const stat = fstatSync(fd);
    if (!stat.isFile()) return false;
    if (stat.size === 0) return true;
    return [first, second].every(meta => meta !== undefined && (meta.lastPage + 1) * meta.pageSize <= stat.size);
  } finally {
    closeSync(fd);
  }
}

function readMeta(fd: number, position: number): { readonly pageSize: number; readonly lastPage: number } | undefined {
  const page = Buffer.alloc(metaBytes);
  if (readSync(fd, page, 0, metaBytes, position) < metaBytes) return undefined;
  if (page.readUInt32LE(at.magic) !== magic) return undefined;
  const pageSize = page.readUInt32LE(at.pageSize);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) return undefined;
  return { pageSize, lastPage: Number(page.readBigUInt64LE(at.lastPage)) };
}

import { chmodSync } from 'node:fs';
import { decompress } from '../layer/archive/decompress.js';
import { isTar } from '../layer/archive/is-tar.js';
import { type Compression, detectCompression } from '../layer/compress/detect.js';
import { readPlainTar } from '../layer/read.js';
import { Unpacker } from '../layer/unpack/unpacker.js';
import type { LayerVisitor } from '../layer/visitor.js';
import type { Bytes } from '../model/bytes.js';
import { codeOf } from '../model/error.js';
import type { LayerEntry } from '../model/toc.js';
import { onDisk } from '../path/bytes.js';
import { invalidContext } from './invalid.js';
import { zstdProgram } from './zstd-program.js';

/** How much of a stream {@link detectArchive} has to see. */
export const archiveHeadSize = 512;

/** What the first bytes are: a tar, compressed or not, or no archive at all. A compressed stream is taken for a tar until it is unpacked. */
export function detectArchive(head: Uint8Array): Compression | undefined {
  const compression = detectCompression(head);
  if (compression !== 'none') return compression;
  return isTar(head) ? 'none' : undefined;
}

/**
 * Lays a tar into an empty folder. Everything belongs to this process: owners mean nothing in a context. Errors: `E_CONTEXT_INVALID` for a
 * damaged archive or one that tries to leave the folder.
 */
export async function unpackArchive(
  bytes: Bytes,
  compression: Compression,
  place: { readonly dir: string; readonly description: string },
  signal: AbortSignal,
): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  const unpacker = new Unpacker(place.dir, isRoot, {});
  try {
    await readPlainTar(decompress(bytes, compression, zstdProgram(process.env, signal)), ownedByUs(unpacker), signal);
    unpacker.finish();
  } catch (cause) {
    signal.throwIfAborted();
    if (!codeOf(cause)?.startsWith('E_LAYER')) throw cause;
    throw invalidContext(`${place.description} cannot be unpacked: ${(cause as Error).message}`, undefined, cause);
  } finally {
    unpacker.close();
  }
  // What could not be set while files were written: bits such as setuid, which a step may copy on.
  for (const [path, entry] of unpacker.masked)
    if (entry.type === 'file') chmodSync(onDisk(place.dir, path), entry.mode | 0o400);
}

function ownedByUs(visitor: LayerVisitor): LayerVisitor {
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const owned = (item: LayerEntry): LayerEntry =>
    item.kind === 'write' ? { ...item, entry: { ...item.entry, ...own } } : item;
  return {
    begin: item => visitor.begin(owned(item)),
    data: chunk => visitor.data(chunk),
    end: () => visitor.end(),
  };
}

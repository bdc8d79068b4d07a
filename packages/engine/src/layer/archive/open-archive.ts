import { createReadStream } from 'node:fs';
import type { Bytes } from '../../model/bytes.js';
import type { FileContent } from '../../model/change.js';
import { codeOf, VarveError } from '../../model/error.js';
import type { ArchiveMember } from '../../plugin/instruction.js';
import { compressionMagicSize, detectCompression } from '../compress/detect.js';
import { readPlainTar } from '../read.js';
import { SpillVisitor } from '../spill.js';
import { blockSize } from '../tar/header.js';
import { type Decompress, decompress } from './decompress.js';
import { isTar } from './is-tar.js';

/**
 * Everything in an archive, contents spilled into plain files below `dir`; null where the file is none. An archive is a tar, plain
 * or compressed with gzip, bzip2, xz or zstd, told by its bytes and never by its name; names with `.wh.` mean nothing in it.
 * `zstd` reads that compression where Node cannot.
 *
 * Errors: `E_ARCHIVE_INVALID` for an archive that turns out to be damaged, tries to leave its folder or holds what no root can;
 * `E_LAYER_UNSUPPORTED` where nothing here reads zstd; those of reading and writing.
 */
export async function openArchive(
  file: FileContent,
  dir: string,
  signal: AbortSignal,
  zstd?: Decompress,
): Promise<readonly ArchiveMember[] | null> {
  const raw = await peek(contentOf(file), compressionMagicSize);
  const compression = detectCompression(raw.first);
  const tar = await peekArchive(decompress(raw.all, compression, zstd), compression !== 'none');
  if (tar === undefined) return null;
  if (!isTar(tar.first)) {
    await tar.close();
    return null;
  }
  const spill = new SpillVisitor(dir);
  try {
    await readPlainTar(tar.all, spill, signal);
  } catch (error) {
    throw isFaultOfTar(error) ? invalidArchive(error) : error;
  } finally {
    spill.close();
  }
  return spill.members;
}

/** What merely begins like a compressed file is no archive; what ran into a fault of reading is one. */
async function peekArchive(tar: Bytes, isCompressed: boolean): Promise<Peeked | undefined> {
  try {
    return await peek(tar, blockSize);
  } catch (error) {
    if (isCompressed && codeOf(error) === 'E_LAYER_INVALID') return undefined;
    throw error;
  }
}

function isFaultOfTar(error: unknown): error is Error {
  return codeOf(error) === 'E_LAYER_INVALID' || codeOf(error) === 'E_LAYER_UNSUPPORTED';
}

function invalidArchive(cause: Error): VarveError {
  return new VarveError('E_ARCHIVE_INVALID', `the archive cannot be unpacked: ${cause.message}`, { cause });
}

interface Peeked {
  /** At least as many bytes as were asked for, fewer where there are no more. */
  readonly first: Uint8Array;
  /** All bytes, the first ones too. To be read once. */
  readonly all: Bytes;
  close(): Promise<void>;
}

async function peek(bytes: Bytes, size: number): Promise<Peeked> {
  const chunks = bytes[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let length = 0;
  while (length < size) {
    const next = await chunks.next();
    if (next.done === true) break;
    held.push(next.value);
    length += next.value.length;
  }
  const first = held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held);
  const all = async function* (): Bytes {
    if (first.length > 0) yield first;
    yield* { [Symbol.asyncIterator]: () => chunks };
  };
  return { first, all: all(), close: async () => void (await chunks.return?.()) };
}

async function* contentOf(file: FileContent): Bytes {
  if (file.kind === 'bytes') yield file.bytes;
  else {
    const path = typeof file.path === 'string' ? file.path : Buffer.from(file.path);
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
  }
}

import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { codeOf, OciError } from '../errors.js';
import { writeAll } from '../layout/atomic-file.js';
import { indexTar, type TarExtent, type TarIndex } from './tar-index.js';

const readSize = 1024 * 1024;

/** An archive open for reading. What is compressed or comes as a stream is laid down in a temporary file first. */
export class ArchiveFile {
  readonly where: string;
  readonly index: TarIndex;
  readonly #handle: FileHandle;
  readonly #release: () => Promise<void>;

  private constructor(where: string, handle: FileHandle, index: TarIndex, release: () => Promise<void>) {
    this.where = where;
    this.#handle = handle;
    this.index = index;
    this.#release = release;
  }

  /**
   * @param source a path, or the archive's bytes.
   * @param tmp folder for a temporary file, where one is needed.
   */
  static async open(source: string | AsyncIterable<Uint8Array>, tmp: string = tmpdir()): Promise<ArchiveFile> {
    const where = typeof source === 'string' ? source : 'the archive';
    const first = typeof source === 'string' ? await openPath(source) : await spool(source, tmp);
    let opened = first;
    try {
      if (await isGzip(first.handle)) opened = await unpacked(first, tmp, where);
      return new ArchiveFile(where, opened.handle, await indexTar(opened.handle, where), opened.release);
    } catch (error) {
      await opened.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#release();
  }

  /** The whole content of a small member; undefined where it is not there. E_BAD_ARCHIVE where it is larger than `limit`. */
  async text(name: string, limit: number): Promise<Buffer | undefined> {
    const extent = this.index.file(name);
    if (extent === undefined) return undefined;
    if (extent.size > limit)
      throw new OciError('E_BAD_ARCHIVE', `${name} in ${this.where} is larger than ${limit} bytes`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.read(extent)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The bytes of a member. */
  async *read({ offset, size }: TarExtent): AsyncGenerator<Uint8Array, void, undefined> {
    let at = offset;
    const end = offset + size;
    while (at < end) {
      const buffer = Buffer.allocUnsafe(Math.min(readSize, end - at));
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.byteLength, at);
      if (bytesRead === 0) throw new OciError('E_BAD_ARCHIVE', `${this.where} ends too early`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

interface Opened {
  readonly handle: FileHandle;
  readonly release: () => Promise<void>;
}

async function openPath(path: string): Promise<Opened> {
  const handle = await open(path, 'r').catch(cause => {
    throw codeOf(cause) === 'ENOENT' ? new OciError('E_BAD_ARCHIVE', `${path} is not there`, { cause }) : cause;
  });
  return { handle, release: () => handle.close() };
}

async function isGzip(handle: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}

async function unpacked(packed: Opened, tmp: string, where: string): Promise<Opened> {
  const source = packed.handle.createReadStream({ start: 0, autoClose: false, highWaterMark: readSize });
  try {
    const plain = await spool(inflated(source), tmp);
    await packed.release();
    return plain;
  } catch (cause) {
    if (codeOf(cause)?.startsWith('Z_') !== true) throw cause;
    throw new OciError('E_BAD_ARCHIVE', `${where} cannot be unpacked`, { cause });
  }
}

/** Begins when it is asked for the first piece, so that an error always meets somebody who waits. */
async function* inflated(source: NodeJS.ReadableStream): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pipeline(source, createGunzip({ chunkSize: readSize }), () => {}) as AsyncIterable<Uint8Array>;
}

async function spool(source: AsyncIterable<Uint8Array>, tmp: string): Promise<Opened> {
  const dir = await mkdtemp(join(tmp, 'varve-oci-'));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  const handle = await open(join(dir, 'archive.tar'), 'wx+', 0o600).catch(async error => {
    await remove();
    throw error;
  });
  const release = async (): Promise<void> => {
    await handle.close();
    await remove();
  };
  try {
    await writeAll(handle, source);
    return { handle, release };
  } catch (error) {
    await release();
    throw error;
  }
}

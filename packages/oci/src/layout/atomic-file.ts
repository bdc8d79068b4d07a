import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Small chunks are gathered to pieces of this size: a write costs a thread's round trip. */
const gather = 1024 * 1024;

/**
 * Writes a file so that it appears whole or not at all: under another name first, then renamed.
 * @param options.mode permission bits of a new file, before the umask.
 * @param options.temporary the other name, on the same file system; by default one beside the file.
 */
export async function writeFileAtomic(
  path: string,
  source: AsyncIterable<Uint8Array> | Uint8Array | string,
  options: { readonly mode?: number; readonly temporary?: string } = {},
): Promise<void> {
  const { mode = 0o644, temporary = temporaryName(dirname(path), basename(path)) } = options;
  const handle = await open(temporary, 'wx', mode);
  try {
    if (typeof source === 'string' || source instanceof Uint8Array) await handle.writeFile(source);
    else await writeAll(handle, source);
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A name in a folder that nobody else uses, for a file that will be renamed. */
export function temporaryName(dir: string, base: string): string {
  return join(dir, `.${base.slice(0, 20)}.${randomBytes(8).toString('hex')}.tmp`);
}

/** Writes all chunks at the handle's position. */
export async function writeAll(handle: FileHandle, source: AsyncIterable<Uint8Array>): Promise<void> {
  let held: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const chunks = held;
    let left = size;
    held = [];
    size = 0;
    while (left > 0) {
      const { bytesWritten } = await handle.writev(chunks);
      left -= bytesWritten;
      if (left > 0) dropWritten(chunks, bytesWritten);
    }
  };
  for await (const chunk of source) {
    if (chunk.byteLength === 0) continue;
    held.push(chunk);
    size += chunk.byteLength;
    if (size >= gather) await flush();
  }
  await flush();
}

function dropWritten(chunks: Uint8Array[], written: number): void {
  let left = written;
  for (let first = chunks[0]; first !== undefined && left >= first.byteLength; first = chunks[0]) {
    left -= first.byteLength;
    chunks.shift();
  }
  const first = chunks[0];
  if (first !== undefined && left > 0) chunks[0] = first.subarray(left);
}

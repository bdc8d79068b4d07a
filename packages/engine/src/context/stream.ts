import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '../model/bytes.js';
import type { OpenedContext } from '../plugin/context.js';
import { archiveHeadSize, detectArchive, unpackArchive } from './archive.js';
import { invalidContext } from './invalid.js';
import { peek } from './peek.js';

/** A Dockerfile is a text that people write. */
const largestDockerfile = 4 * 1024 * 1024;

/** A stream as a context: a tar is unpacked, anything else is a Dockerfile with nothing beside it. Errors: `E_CONTEXT_INVALID`. */
export async function openStream(
  bytes: Bytes,
  description: string,
  scratchDir: string,
  signal: AbortSignal,
): Promise<OpenedContext> {
  const { head, whole } = await peek(bytes, archiveHeadSize);
  if (head.length === 0) throw invalidContext(`${description} is empty`, 'send a tar or a Dockerfile');
  const dir = join(scratchDir, 'context');
  await mkdir(dir);
  const dispose = async (): Promise<void> => undefined;
  const compression = detectArchive(head);
  if (compression === undefined) {
    if (/^\s*<(?:!doctype|html)\b/i.test(Buffer.from(head).toString()))
      throw invalidContext(
        `${description} is a web page, and neither a tar nor a Dockerfile`,
        'the URL of a git repository ends in .git',
      );
    const dockerfile = join(scratchDir, 'Dockerfile');
    await writeFile(dockerfile, await readText(whole, description, signal));
    return { dir, description, dockerfile, [Symbol.asyncDispose]: dispose };
  }
  await unpackArchive(whole, compression, { dir, description }, signal);
  return { dir, description, [Symbol.asyncDispose]: dispose };
}

async function readText(bytes: Bytes, description: string, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    size += chunk.length;
    if (size > largestDockerfile || chunk.includes(0))
      throw invalidContext(
        `${description} is neither a tar nor a Dockerfile`,
        'send a tar, plain or compressed with gzip, bzip2, xz or zstd',
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

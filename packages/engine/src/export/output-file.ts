import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeFileAtomic } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { codeOf, VarveError } from '../model/error.js';
import type { ExportTools } from '../plugin/exporter.js';

/**
 * Writes bytes to a file, which appears whole or not at all, or to standard output (`-`). Missing folders above the file are made.
 * Errors: `E_EXPORT` for what the disk refuses; those of the bytes as they are.
 */
export async function writeOutput(
  dest: string,
  bytes: Bytes,
  { beside }: Pick<ExportTools, 'beside'>,
  signal: AbortSignal,
): Promise<void> {
  const checked = abortable(bytes, signal);
  try {
    if (dest === '-') {
      await writeStream(process.stdout, checked);
      return;
    }
    await mkdir(dirname(dest), { recursive: true });
    await writeFileAtomic(dest, checked, { temporary: beside(dest) });
  } catch (cause) {
    throw signal.aborted ? signal.reason : exportError(dest === '-' ? 'standard output' : dest, cause);
  }
}

/** What failed on the way to a destination, in the user's words. Coded errors of packages (`E_…`) stay as they are. */
export function exportError(dest: string, cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === undefined || code.startsWith('E_')) return cause;
  const problems: Readonly<Record<string, string>> = {
    ENOSPC: 'no space left there',
    EDQUOT: 'the quota there is used up',
    EACCES: 'it may not be written to',
    EPERM: 'it may not be written to',
    EROFS: 'the file system is read-only',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is no folder',
    EPIPE: 'nobody reads it any more',
  };
  const problem = problems[code] ?? (cause as Error).message;
  return new VarveError('E_EXPORT', `${dest} could not be written: ${problem}`, { cause });
}

/** Passes bytes on until the signal fires; then it throws the signal's reason. */
export async function* abortable(bytes: Bytes, signal: AbortSignal): Bytes {
  signal.throwIfAborted();
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    yield chunk;
  }
}

async function writeStream(stream: Writable, bytes: Bytes): Promise<void> {
  await pipeline(bytes, stream, { end: false });
}

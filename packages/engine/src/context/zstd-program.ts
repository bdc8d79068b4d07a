import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Decompress } from '../layer/archive/decompress.js';
import type { Bytes } from '../model/bytes.js';
import { codeOf } from '../model/error.js';
import { invalidContext } from './invalid.js';

/** Unpacks zstd with the program of that name. Errors: `E_CONTEXT_INVALID` where it is missing or the bytes are damaged. */
export function zstdProgram(env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Decompress {
  return bytes => throughZstd(bytes, env.PATH, signal);
}

async function* throughZstd(bytes: Bytes, path: string | undefined, signal: AbortSignal): Bytes {
  const child = spawn('zstd', ['-dc'], { stdio: ['pipe', 'pipe', 'ignore'], signal, env: { PATH: path } });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve(code ?? 1));
  });
  ended.catch(() => undefined);
  let failure: unknown;
  const fed = pipeline(Readable.from(bytes, { objectMode: false }), child.stdin).catch(error => {
    // A program that has seen enough closes its input; what it says by its exit code counts.
    if (codeOf(error) !== 'EPIPE' && codeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') failure = error;
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const code = await ended;
    await fed;
    if (failure !== undefined) throw failure;
    if (code !== 0) throw invalidContext('the archive is damaged: it does not decompress as zstd');
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== 'ENOENT') throw error;
    throw invalidContext(
      'the context is compressed with zstd, and the program zstd is not installed here',
      'install zstd, or compress the context with gzip',
      error,
    );
  } finally {
    child.kill('SIGKILL');
  }
}

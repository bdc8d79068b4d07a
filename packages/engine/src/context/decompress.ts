import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Compression } from '../layer/compress/detect.js';
import { gunzip } from '../layer/compress/gunzip.js';
import type { Bytes } from '../model/bytes.js';
import { codeOf } from '../model/error.js';
import { invalidContext } from './invalid.js';

type Decompressor = (bytes: Bytes, signal: AbortSignal) => Bytes;

/** Unpacks by kind: gzip here, the others with the program of the same name, as Docker does. */
export function decompressor(compression: Compression): Decompressor {
  if (compression === 'none') return bytes => bytes;
  if (compression === 'gzip') return bytes => gunzip(bytes);
  return (bytes, signal) => through(compression, bytes, signal);
}

/** The bytes as a program makes them: `xz -dc`, `bzip2 -dc`, `zstd -dc`. */
async function* through(program: string, bytes: Bytes, signal: AbortSignal): Bytes {
  const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'ignore'], signal, env: { PATH: process.env.PATH } });
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
    if (code !== 0) throw invalidContext(`the archive is damaged: it does not decompress as ${program}`);
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== 'ENOENT') throw error;
    throw invalidContext(
      `the archive is compressed with ${program}, which is not installed here`,
      `install ${program}, or compress it with gzip`,
      error,
    );
  } finally {
    child.kill('SIGKILL');
  }
}

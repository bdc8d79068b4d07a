import type { TransformOptions } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, type Gunzip, gunzipSync, type ZlibOptions } from 'node:zlib';
import type { Bytes } from '../../model/bytes.js';
import { codeOf, type VarveError } from '../../model/error.js';
import { invalidLayer } from '../invalid.js';
import { inLargeChunks } from './chunks.js';

/** Output pieces; with less than 256 KiB, the way to the thread pool and back costs more than inflating. */
const outputSize = 256 * 1024;
const inputSize = 256 * 1024;
/** A blob that is inflated in less time than a stream takes to be set up. */
const smallInput = 16 * 1024;

/**
 * Decompresses gzip, several members as one. Zeros behind the last member are let pass, as gzip does; anything else there is
 * refused, as are damaged and truncated streams. The blob is read to its end in any case. Errors: `E_LAYER_INVALID`.
 */
export async function* gunzip(blob: Bytes): Bytes {
  const chunks = inLargeChunks(blob, inputSize);
  const first = await chunks.next();
  const whole = first.done !== true && first.value.length < smallInput ? gunzipSmall(first.value) : undefined;
  if (whole) yield whole;
  else yield* gunzipStream(withFirst(first, chunks));
}

/** A blob as a whole; undefined where it holds more than would be inflated at a time. */
function gunzipSmall(blob: Uint8Array): Buffer | undefined {
  try {
    const { buffer, engine } = gunzipSync(blob, { maxOutputLength: outputSize, info: true }) as unknown as Inflated;
    checkPadding(blob.subarray(engine.bytesWritten));
    return buffer;
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw codeOf(error)?.startsWith('Z_') ? damagedGzip(error) : error;
  }
}

/** What zlib gives with `info`. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: Gunzip;
}

async function* withFirst(first: IteratorResult<Uint8Array, void>, rest: AsyncIterable<Uint8Array>): Bytes {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

async function* gunzipStream(blob: Bytes): Bytes {
  // One chunk at a time: when the next is asked for, all of the one before that is of any use was used.
  const options: ZlibOptions & TransformOptions = {
    chunkSize: outputSize,
    writableHighWaterMark: 1,
    readableHighWaterMark: outputSize,
  };
  const inflate = createGunzip(options);
  const source: { failure?: unknown } = {};
  const fed = pipeline(feed(blob, inflate, source), inflate, { end: true }).catch(() => undefined);
  try {
    yield* inflate as AsyncIterable<Buffer>;
    await fed;
    if (source.failure !== undefined) throw source.failure;
  } catch (error) {
    if (source.failure !== undefined) throw source.failure;
    if (!codeOf(error)?.startsWith('Z_')) throw error;
    throw damagedGzip(error);
  } finally {
    inflate.destroy();
  }
}

/** Passes the blob on until zlib stops taking it, and checks what follows. Keeps what went wrong, which streams would wrap. */
async function* feed(blob: Bytes, inflate: Gunzip, source: { failure?: unknown }): Bytes {
  let offered = 0;
  let hasEnded = false;
  try {
    for await (const chunk of blob) {
      if (hasEnded) {
        checkPadding(chunk);
        continue;
      }
      yield chunk;
      offered += chunk.length;
      hasEnded = inflate.bytesWritten < offered;
      if (hasEnded) checkPadding(chunk.subarray(chunk.length - (offered - inflate.bytesWritten)));
    }
  } catch (error) {
    source.failure = error;
    throw error;
  }
}

export function damagedGzip(cause: unknown): VarveError {
  return invalidLayer('the layer is damaged: it does not decompress as gzip', undefined, cause);
}

/** Refuses anything but zeros behind the last stream. */
export function checkPadding(bytes: Uint8Array): void {
  if (bytes.some(byte => byte !== 0)) throw invalidLayer('the layer is damaged: something follows its gzip stream');
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { describe, it } from 'node:test';
import type { Bytes } from '../model/bytes.js';
import type { LayerCompressor } from '../plugin/compressor.js';

export interface CompressorSuiteOptions {
  /** A compressor that leaves bytes as they are cannot notice damage. Default: it must. */
  readonly noticesDamage?: boolean;
}

const mebibyte = 1024 * 1024;

/** The conformance suite for compressors: registers its cases with node:test. */
export function compressorSuite(
  name: string,
  factory: () => LayerCompressor | Promise<LayerCompressor>,
  { noticesDamage = true }: CompressorSuiteOptions = {},
): void {
  describe(`compressor ${name}`, () => {
    for (const [title, run] of Object.entries(cases)) it(title, async () => run(await factory()));
    // One that leaves bytes as they are has nothing to notice.
    for (const [title, run] of Object.entries(noticesDamage ? damageCases : {}))
      it(title, async () => run(await factory()));
  });
}

type Case = (compressor: LayerCompressor) => Promise<void>;

const cases: Readonly<Record<string, Case>> = {
  async 'says what it makes'({ mediaType, fingerprint }) {
    assert.match(mediaType, /^application\/vnd\.[a-z0-9.+-]+$/);
    assert.notEqual(fingerprint, '');
  },
  async 'gives back what it was given'(compressor) {
    for (const size of [0, 1, 511, mebibyte - 1, mebibyte, mebibyte + 1, 5 * mebibyte + 7]) {
      const tar = sample(size);
      assert.ok(
        tar.equals(await gather(compressor.decompress(compressor.compress(inChunks(tar, 100_000))))),
        `${size} bytes`,
      );
    }
  },
  async 'gives the same bytes however its input is cut, each time'(compressor) {
    const tar = sample(3 * mebibyte + 12_345);
    const expected = await gather(compressor.compress(inChunks(tar, tar.length)));
    for (const size of [1000, 65_536, mebibyte, mebibyte + 1, tar.length]) {
      const made = await gather(compressor.compress(inChunks(tar, size)));
      assert.ok(made.equals(expected), `in chunks of ${size}`);
    }
  },
  async 'gives the same bytes for any number of cores'(compressor) {
    const tar = sample(10 * mebibyte + 12_345);
    const real = os.availableParallelism;
    const made: string[] = [];
    try {
      for (const cores of [1, 2, 7, 64]) {
        os.availableParallelism = () => cores;
        syncBuiltinESMExports();
        const blob = await gather(compressor.compress(inChunks(tar, 100_000)));
        made.push(createHash('sha256').update(blob).digest('hex'));
      }
    } finally {
      os.availableParallelism = real;
      syncBuiltinESMExports();
    }
    assert.equal(new Set(made).size, 1, made.join(' '));
  },
  async 'reads a blob however it is cut'(compressor) {
    const tar = sample(100_000);
    const blob = await gather(compressor.compress(inChunks(tar, tar.length)));
    for (const size of [1, 7, 512, blob.length]) {
      assert.ok(tar.equals(await gather(compressor.decompress(inChunks(blob, size)))), `in chunks of ${size}`);
    }
  },
  async 'reads blobs that stand behind each other as one'(compressor) {
    const [first, second] = [sample(200_000), sample(1000)];
    const blobs = await Promise.all([first, second].map(tar => gather(compressor.compress(inChunks(tar, 4096)))));
    const both = Buffer.concat([first, second]);
    assert.ok(both.equals(await gather(compressor.decompress(inChunks(Buffer.concat(blobs), 4096)))));
  },
  async 'works at the pace of its reader'(compressor) {
    const source = endless();
    let taken = 0;
    for await (const chunk of compressor.compress(source.bytes)) {
      taken += chunk.length;
      await new Promise(resolve => setTimeout(resolve, 5));
      if (taken > 4 * mebibyte) break;
    }
    assert.ok(source.given() < taken + 64 * mebibyte, `${source.given()} bytes were read for ${taken}`);
    assert.ok(source.isClosed(), 'the source was left open when the reader stopped');
  },
  async 'passes on faults of its source as they are'(compressor) {
    const fault = Object.assign(new Error('the network is gone'), { code: 'ECONNRESET' });
    const tar = sample(2 * mebibyte);
    await assert.rejects(gather(compressor.compress(failing(tar, fault))), fault);
    const blob = await gather(compressor.compress(inChunks(tar, tar.length)));
    await assert.rejects(gather(compressor.decompress(failing(blob.subarray(0, blob.length / 2), fault))), fault);
  },
};

const damageCases: Readonly<Record<string, Case>> = {
  async 'refuses a blob that is cut off'(compressor) {
    const blob = await gather(compressor.compress(inChunks(sample(300_000), 4096)));
    for (const left of [0, 3, 20, blob.length >> 1, blob.length - 1]) {
      await assert.rejects(
        gather(compressor.decompress(inChunks(blob.subarray(0, left), 4096))),
        invalid,
        `${left} bytes`,
      );
    }
  },
  async 'refuses a blob with a damaged byte'(compressor) {
    const blob = await gather(compressor.compress(inChunks(sample(300_000), 4096)));
    for (const at of [0, blob.length >> 1, blob.length - 5]) {
      const damaged = Buffer.from(blob);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      await assert.rejects(gather(compressor.decompress(inChunks(damaged, 4096))), invalid, `byte ${at}`);
    }
  },
  async 'refuses what follows a blob and is none'(compressor) {
    const blob = await gather(compressor.compress(inChunks(sample(10_000), 4096)));
    const long = Buffer.concat([blob, Buffer.from('something else altogether')]);
    for (const size of [1, blob.length, long.length]) {
      await assert.rejects(gather(compressor.decompress(inChunks(long, size))), invalid, `in chunks of ${size}`);
    }
  },
};

const invalid = { code: 'E_LAYER_INVALID' };

/** Bytes that compress by about half, the same each time. */
function sample(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 12_345;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = i % 1000 < 500 ? i % 61 : state >>> 24;
  }
  return bytes;
}

async function* inChunks(bytes: Buffer, size: number): Bytes {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* failing(bytes: Buffer, fault: Error): Bytes {
  yield* inChunks(bytes, 65_536);
  throw fault;
}

function endless() {
  let given = 0;
  let isClosed = false;
  async function* bytes(): Bytes {
    try {
      for (let i = 0; given < 1024 * mebibyte; i++) {
        // What does not compress: output comes as fast as input.
        const seed = createHash('sha512').update(String(i)).digest();
        const chunk = Buffer.alloc(65_536);
        for (let at = 0; at < chunk.length; at += 64)
          createHash('sha512').update(seed).update(String(at)).digest().copy(chunk, at);
        given += chunk.length;
        yield chunk;
      }
    } finally {
      isClosed = true;
    }
  }
  return { bytes: bytes(), given: () => given, isClosed: () => isClosed };
}

async function gather(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

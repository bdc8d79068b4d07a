import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { detectCompression } from '../src/layer/compress/detect.js';
import { gzipCompressor } from '../src/layer/compress/gzip.js';
import { parseGzipOptions } from '../src/layer/compress/gzip-options.js';
import { plainCompressor } from '../src/layer/compress/plain.js';
import type { Bytes } from '../src/model/bytes.js';
import { findProgram } from '../src/sys/find-program.js';
import { compressorSuite } from '../src/testing/compressor-suite.js';

compressorSuite('gzip', () => gzipCompressor({ level: 6 }));
compressorSuite('gzip at level 1', () => gzipCompressor({ level: 1 }));
compressorSuite('none', () => plainCompressor, { noticesDamage: false });

async function* one(bytes: Uint8Array): Bytes {
  yield bytes;
}
async function gather(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('what gzip makes is read by zlib and by gzip, and is no larger than gzip -6 by more than a hundredth', async () => {
  const text = Buffer.from(Array.from({ length: 300_000 }, (_, i) => `line ${i} of ${i * 7919}\n`).join(''));
  const blob = await gather(gzipCompressor({ level: 6 }).compress(one(text)));
  assert.ok(gunzipSync(blob).equals(text));
  assert.ok(execFileSync('gzip', ['-dc'], { input: blob, maxBuffer: text.length * 2 }).equals(text));
  assert.ok(blob.length < gzipSync(text, { level: 6 }).length * 1.01);
});

test('zeros behind a gzip stream are let pass, in one chunk and in several', async () => {
  const gzip = gzipCompressor({ level: 6 });
  const blob = gzipSync('hello');
  const padded = Buffer.concat([blob, Buffer.alloc(600_000)]);
  assert.equal((await gather(gzip.decompress(one(padded)))).toString(), 'hello');
  const hidden = Buffer.concat([padded, Buffer.from('x')]);
  await assert.rejects(gather(gzip.decompress(one(hidden))), { code: 'E_LAYER_INVALID' });
});

test('options of gzip: all problems at once', () => {
  assert.deepEqual(parseGzipOptions({}), { level: 6 });
  assert.deepEqual(parseGzipOptions({ level: '9' }), { level: 9 });
  assert.throws(
    () => parseGzipOptions({ level: '12', speed: 'high' }),
    error => {
      const { code, message } = error as Error & { code: string };
      assert.equal(code, 'E_PLUGIN_OPTIONS');
      assert.match(message, /1 to 9, not "12"/);
      assert.match(message, /no option "speed"/);
      return true;
    },
  );
});

test('compressions are told by their first bytes', () => {
  assert.equal(detectCompression(gzipSync('')), 'gzip');
  assert.equal(detectCompression(Buffer.from('BZh9')), 'bzip2');
  assert.equal(detectCompression(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])), 'xz');
  assert.equal(detectCompression(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])), 'zstd');
  assert.equal(detectCompression(Buffer.from([0x50, 0x2a, 0x4d, 0x18])), 'zstd');
  assert.equal(detectCompression(Buffer.from('etc/')), 'none');
  assert.equal(detectCompression(Buffer.alloc(0)), 'none');
});

test('gzip has the same bytes with one thread on one core as with many', () => {
  const program = fileURLToPath(new URL('./compressing-process.js', import.meta.url));
  const digest = (threads: number, command: readonly string[]): string => {
    const [file = '', ...args] = [...command, process.execPath, program];
    return execFileSync(file, args, { encoding: 'utf8', env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) } });
  };
  const many = digest(16, []);
  assert.match(many, /^[0-9a-f]{64}$/);
  assert.equal(digest(1, findProgram('taskset', process.env) === undefined ? [] : ['taskset', '-c', '0']), many);
});

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { LayerCompressor } from '@varve/engine/plugin';
import { compressorSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { parseOptions } from '../src/options.js';
import { zstdCompressor } from '../src/zstd-compressor.js';

compressorSuite('zstd', () => zstdCompressor({ level: 3 }));

test('zstd reads what it makes, and it reads what zstd makes', async t => {
  if (spawnSync('zstd', ['--version']).status !== 0) return t.skip('needs the program zstd');
  const text = Buffer.from('some text, again and again\n'.repeat(100_000));
  const { compress, decompress } = await zstdCompressor({ level: 3 });
  const options = { maxBuffer: text.length * 2 };
  assert.ok(execFileSync('zstd', ['-dcq'], { ...options, input: await gather(compress(one(text))) }).equals(text));
  for (const flag of ['-1', '-19', '--no-check']) {
    assert.ok(
      (await gather(decompress(one(execFileSync('zstd', ['-cq', flag], { ...options, input: text }))))).equals(text),
    );
  }
});

test('the level counts', async () => {
  const text = Buffer.from(Array.from({ length: 100_000 }, (_, i) => `line ${i} of ${i * 7919}\n`).join(''));
  const sizes = await Promise.all(
    [1, 19].map(async level => (await gather((await zstdCompressor({ level })).compress(one(text)))).length),
  );
  assert.ok((sizes[1] ?? 0) < (sizes[0] ?? 0));
});

test('the provider is what --compression zstd names', async () => {
  const [provider] = plugin.create(plugin.parseOptions({ level: '7' })).provides ?? [];
  assert.equal(provider?.slot, 'compressor');
  assert.equal(provider.id, 'zstd');
  const made = (await provider.create({} as never)) as LayerCompressor;
  assert.match(made.fingerprint, /level=7$/);
});

test('options: all problems at once', () => {
  assert.deepEqual(parseOptions({}), { level: 3 });
  assert.deepEqual(parseOptions({ level: '19' }), { level: 19 });
  assert.throws(
    () => parseOptions({ level: '20', threads: '3' }),
    error => {
      const { code, message } = error as Error & { code: string };
      assert.equal(code, 'E_PLUGIN_OPTIONS');
      assert.match(message, /1 to 19, not "20"/);
      assert.match(message, /no option "threads"/);
      return true;
    },
  );
});

async function* one(bytes: Uint8Array) {
  yield bytes;
}

async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

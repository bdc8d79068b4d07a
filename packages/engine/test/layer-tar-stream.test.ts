import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { extract } from 'tar-stream';
import type { Change } from '../src/model/change.js';
import { comparePaths } from '../src/path/order.js';
import { directory, file, writeTar } from './layer-support.js';

/** What tar-stream, which knows nothing of us, reads out of a tar. */
async function readByTarStream(tar: Uint8Array): Promise<Record<string, unknown>[]> {
  const seen: Record<string, unknown>[] = [];
  const reader = extract();
  reader.end(Buffer.from(tar));
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, type, mode, uid, gid, mtime } = entry.header;
    seen.push({
      name: name.replace(/\/$/, ''),
      type,
      mode,
      uid,
      gid,
      seconds: mtime?.getTime(),
      text: Buffer.concat(chunks).toString(),
    });
  }
  return seen;
}

const name = fc.stringMatching(/^[a-zé-]{1,120}$/);

test('tar-stream reads what the writer wrote: names, types, modes, owners, seconds and contents', async () => {
  const sample = fc.array(
    fc.record({
      path: name,
      text: fc.string({ maxLength: 3_000 }),
      mode: fc.integer({ min: 1, max: 0o7777 }),
      // Larger ones, times before 1970 and names that are not UTF-8 are what tar-stream gets wrong.
      uid: fc.nat(2_000_000),
      seconds: fc.nat(2_000_000_000),
    }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(sample, async drawn => {
      const files = [...new Map(drawn.map(one => [one.path, one])).values()].sort((a, b) =>
        comparePaths(a.path, b.path),
      );
      const changes = files.map(({ path, text, mode, uid, seconds }): Change => {
        const bytes = Buffer.from(text);
        const entry = file({ mode, uid, gid: 7, size: bytes.length, mtimeNs: BigInt(seconds) * 1_000_000_000n });
        return { kind: 'write', path: `d/${path}`, entry, content: { kind: 'bytes', bytes } };
      });
      const read = await readByTarStream(
        await writeTar([{ kind: 'write', path: 'd', entry: directory() }, ...changes]),
      );
      assert.deepEqual(
        read.filter(entry => entry.type === 'file'),
        files.map(({ path, text, mode, uid, seconds }) => ({
          name: `d/${path}`,
          type: 'file',
          mode,
          uid,
          gid: 7,
          seconds: seconds * 1000,
          text: Buffer.from(text).toString(),
        })),
      );
    }),
    { numRuns: 30 },
  );
});

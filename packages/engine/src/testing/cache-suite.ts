import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Bytes } from '../model/bytes.js';
import type { CachedStep, CacheKey, KeyRecord } from '../model/key.js';
import type { LayerCache, StepToSave } from '../plugin/cache.js';

/** What a test of a cache says about it. */
export interface CacheSubject {
  /** Opens the cache over the same memory each time: what one has saved and closed, the next one finds. */
  open(): Promise<LayerCache>;
  /** It keeps blobs itself and gives them back; otherwise `open` of a layer is undefined. */
  readonly keepsBlobs: boolean;
  /** Values of key records stay on this machine. Otherwise `remembers` must give everything that it stores, as text, to be searched. */
  readonly shared: boolean;
  /** All that the cache stores or sends. Asked where `shared` is true. */
  remembers?(): Promise<string>;
}

/** A step with a layer of its own, made of a number; the same number gives the same step. */
export interface MadeStep extends StepToSave {
  readonly bytes: Uint8Array;
}

/** Made by tests and by the suite. */
export function madeStep(
  name: string,
  more: Partial<Pick<StepToSave, 'place' | 'position' | 'record'>> = {},
): MadeStep {
  const bytes = Buffer.from(`layer of ${name} `.repeat(1000));
  const record: KeyRecord = more.record ?? { version: 1, kind: 'run', fields: { command: `make ${name}` } };
  const step: CachedStep = {
    layer: {
      descriptor: {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: `sha256:${sha256(bytes)}`,
        size: bytes.length,
      },
      diffId: `sha256:${sha256(`tar of ${name}`)}`,
    },
    compressor: 'gzip-6',
    created: '2026-01-02T03:04:05Z',
  };
  return { key: sha256(`key of ${name}`) as CacheKey, record, step, ...more, bytes, blob: () => once(bytes) };
}

/** What every cache must do. `cacheSuite('lmdb', { open: …, keepsBlobs: false, shared: false })` is a whole test file. */
export function cacheSuite(name: string, subject: CacheSubject): void {
  const signal = AbortSignal.timeout(120_000);
  const [a, b, c] = [madeStep('a'), madeStep('b'), madeStep('c')];
  const keys = [b.key, c.key, a.key];

  describe(`cache ${name}`, () => {
    it('misses what it was never told', async () => {
      const cache = await subject.open();
      assert.deepEqual(await cache.findMany(keys, signal), [undefined, undefined, undefined]);
      assert.deepEqual(await cache.findMany([], signal), []);
      await cache.close();
    });

    it('finds what was saved, in the order asked, in the same build and in the next', async () => {
      const first = await subject.open();
      assert.equal(await first.save(a, signal), 'stored');
      assert.equal(await first.save(b, signal), 'stored');
      assert.deepEqual(await first.findMany(keys, signal), [b.step, undefined, a.step]);
      await first.close();
      const second = await subject.open();
      assert.deepEqual(await second.findMany(keys, signal), [b.step, undefined, a.step]);
      await second.close();
    });

    it('keeps steps that made no layer apart from misses', async () => {
      const none = { ...madeStep('none'), step: { layer: null, compressor: '', created: '2026-01-02T03:04:05Z' } };
      const cache = await subject.open();
      assert.equal(await cache.save(none, signal), 'stored');
      await cache.close();
      const again = await subject.open();
      assert.deepEqual(await again.findMany([none.key], signal), [none.step]);
      await again.close();
    });

    it('lets the later of two saves win, and takes the same one twice', async () => {
      const first = await subject.open();
      await first.save(madeStep('twice'), signal);
      const other = { ...madeStep('other content'), key: madeStep('twice').key };
      await first.save(other, signal);
      await first.save(other, signal);
      await first.close();
      const second = await subject.open();
      assert.deepEqual(await second.findMany([other.key], signal), [other.step]);
      await second.close();
    });

    it('serves several builds that write at once', async () => {
      const steps = Array.from({ length: 6 }, (_, n) => madeStep(`parallel ${n}`));
      await Promise.all(
        [0, 1, 2].map(async writer => {
          const cache = await subject.open();
          for (const step of steps.filter((_, n) => n % 3 === writer)) await cache.save(step, signal);
          await cache.close();
        }),
      );
      const cache = await subject.open();
      const wanted = steps.map(({ key }) => key);
      assert.deepEqual(
        await cache.findMany(wanted, signal),
        steps.map(({ step }) => step),
      );
      await cache.close();
    });

    it(subject.keepsBlobs ? 'gives the bytes of a layer back' : 'leaves blobs to the store', async () => {
      const saved = madeStep('with bytes');
      const first = await subject.open();
      await first.save(saved, signal);
      await first.close();
      const cache = await subject.open();
      const layer = saved.step.layer?.descriptor;
      assert.ok(layer);
      const bytes = await cache.open(layer, signal);
      if (subject.keepsBlobs) assert.deepEqual(bytes && (await collect(bytes)), saved.bytes);
      else assert.equal(bytes, undefined);
      const unknown = madeStep('never saved').step.layer?.descriptor;
      assert.equal(unknown && (await cache.open(unknown, signal)), undefined);
      await cache.close();
    });

    if (subject.shared)
      it('lets no value of a key record leave this machine', async () => {
        const fields = { command: 'echo hush-hush-31415', 'arg TOKEN': 'very-secret-27182' };
        const cache = await subject.open();
        const record = { version: 1, kind: 'run', fields };
        await cache.save(
          madeStep('secret', { record, place: 'RUN x of-hidden-project', position: '1 of-hidden-project' }),
          signal,
        );
        await cache.close();
        const text = (await subject.remembers?.()) ?? assert.fail('the subject must tell what it stores');
        for (const value of ['hush-hush-31415', 'very-secret-27182', 'of-hidden-project'])
          assert.ok(!text.includes(value));
      });
    else
      it('explains places, lists entries and forgets them, where it can', async () => {
        const kept = madeStep('kept', { place: 'RUN x (Dockerfile)', position: '1 (Dockerfile)' });
        const cache = await subject.open();
        await cache.save(kept, signal);
        if (cache.recordsAt)
          assert.deepEqual(await cache.recordsAt(['RUN x (Dockerfile)', 'nowhere', '1 (Dockerfile)']), [
            [kept.record],
            [],
            [kept.record],
          ]);
        if (cache.entries && cache.forget) {
          assert.ok((await cache.entries()).some(({ key }) => key === kept.key));
          await cache.forget([kept.key]);
          assert.deepEqual(await cache.findMany([kept.key], signal), [undefined]);
        }
        await cache.close();
      });

    it('keeps the notes of the engine from build to build, if it keeps any', async () => {
      const first = await subject.open();
      const keeps = first.recall !== undefined;
      assert.deepEqual([first.remember !== undefined, first.forgetNotes !== undefined], [keeps, keeps]);
      assert.ok(!keeps || !subject.shared, 'notes tell of this machine, and stay there');
      const value = Uint8Array.from({ length: 300 }, (_, byte) => byte);
      await first.remember?.([
        { name: 'a', value },
        { name: `long ${'name '.repeat(1000)}`, value: value.subarray(0, 1) },
      ]);
      await first.remember?.([{ name: 'b', value: new Uint8Array() }]);
      await first.remember?.([{ name: 'b', value: value.subarray(5, 9) }]);
      await first.close();
      if (!keeps) return;
      const second = await subject.open();
      const recall = async (...names: string[]): Promise<unknown> =>
        (await second.recall?.(names))?.map(note => note && [...note]);
      assert.deepEqual(await recall('b', 'nothing', 'a', `long ${'name '.repeat(1000)}`), [
        [5, 6, 7, 8],
        undefined,
        [...value],
        [0],
      ]);
      await second.forgetNotes?.(Date.now() - 60_000);
      assert.deepEqual(await recall('b'), [[5, 6, 7, 8]]);
      await second.forgetNotes?.(Number.POSITIVE_INFINITY);
      assert.deepEqual(await recall('a', 'b'), [undefined, undefined]);
      await second.close();
    });
  });
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}

async function collect(bytes: Bytes): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

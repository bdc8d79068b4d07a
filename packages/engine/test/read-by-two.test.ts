import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { readByTwo } from '../src/host/read-by-two.js';

type Bytes = AsyncIterable<Uint8Array>;

/** `count` chunks of one byte, their numbers; tells how many were made. */
function numbered(count: number, failAt = -1): { readonly bytes: Bytes; readonly made: () => number } {
  let made = 0;
  return {
    made: () => made,
    bytes: (async function* () {
      for (let at = 0; at < count; at++) {
        if (at === failAt) throw new Error('the stream broke');
        made++;
        yield Uint8Array.of(at);
      }
    })(),
  };
}

async function sum(bytes: Bytes): Promise<number> {
  let total = 0;
  for await (const [byte] of bytes) {
    if (total % 2 === 0) await turn();
    total += byte ?? 0;
  }
  return total;
}

const within = <T>(work: Promise<T>): Promise<T> => {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('it waits for ever')), 2_000).unref();
  });
  return Promise.race([work, late]);
};

describe('a stream with two readers', () => {
  it('gives every chunk to both, and none before both had the last', async () => {
    const { bytes, made } = numbered(200);
    let second = 0;
    let seen = 0;
    const first = async (own: Bytes): Promise<number> => {
      let total = 0;
      for await (const [byte] of own) {
        assert.ok(made() - seen <= 1);
        total += byte ?? 0;
      }
      return total;
    };
    const total = await within(
      readByTwo(bytes, first, async own => {
        for await (const [byte] of own) {
          if ((byte ?? 0) % 3 === 0) await turn();
          seen++;
          second += byte ?? 0;
        }
      }),
    );
    assert.deepEqual([total, second, seen], [19_900, 19_900, 200]);
  });

  it('ends for both where there is nothing', async () => {
    assert.equal(await within(readByTwo(numbered(0).bytes, sum, async own => void (await sum(own)))), 0);
  });

  it('is done when the second reader is', async () => {
    let isDone = false;
    await within(
      readByTwo(numbered(3).bytes, sum, async own => {
        await sum(own);
        for (let at = 0; at < 5; at++) await turn();
        isDone = true;
      }),
    );
    assert.ok(isDone);
  });

  it('goes on for the first where the second wants no more', async () => {
    const second = async (own: Bytes): Promise<void> => {
      for await (const [byte] of own) if (byte === 2) return;
    };
    assert.equal(await within(readByTwo(numbered(10).bytes, sum, second)), 45);
  });

  it('tells both of a stream that breaks', async () => {
    let met: unknown;
    const second = async (own: Bytes): Promise<void> => {
      await sum(own).catch(error => {
        met = error;
      });
    };
    await assert.rejects(within(readByTwo(numbered(10, 4).bytes, sum, second)), /the stream broke/);
    assert.match(String(met), /the stream broke/);
  });

  it('ends with the error of the second reader, which the first one meets', async () => {
    const { bytes, made } = numbered(100);
    let met: unknown;
    const first = (own: Bytes): Promise<number> =>
      sum(own).catch(error => {
        met = error;
        throw error;
      });
    const second = async (own: Bytes): Promise<void> => {
      for await (const [byte] of own) if (byte === 5) throw new Error('the disk is full');
    };
    await assert.rejects(within(readByTwo(bytes, first, second)), /the disk is full/);
    assert.match(String(met), /the disk is full/);
    assert.ok(made() < 10);
  });

  it('ends with the error of the first reader, and the second does not wait for more', async () => {
    const first = async (own: Bytes): Promise<number> => {
      for await (const [byte] of own) if (byte === 5) throw new Error('no room for the blob');
      return 0;
    };
    let met: unknown;
    const second = async (own: Bytes): Promise<void> => {
      await sum(own).catch(error => {
        met = error;
      });
    };
    await assert.rejects(within(readByTwo(numbered(100).bytes, first, second)), /no room for the blob/);
    assert.notEqual(met, undefined);
  });
});

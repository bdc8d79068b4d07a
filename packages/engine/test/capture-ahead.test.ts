import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CaptureAhead, type LayerWork } from '../src/host/capture-ahead.js';
import type { FinishedStepLayer } from '../src/host/protocol.js';
import { layerNamed } from './planning-support.js';
import { quiet } from './run-plan-support.js';

const layer: FinishedStepLayer = { layer: layerNamed('one'), compressor: 'gzip' };

interface Held {
  readonly ahead: CaptureAhead;
  /** What the capture was given. */
  readonly work: LayerWork;
  finish(made: FinishedStepLayer | null): void;
  fail(error: unknown): void;
}

function begin(): Held {
  let work: LayerWork | undefined;
  let settle: Pick<Held, 'finish' | 'fail'> | undefined;
  const ahead = new CaptureAhead(given => {
    work = given;
    return new Promise((finish, fail) => {
      settle = { finish, fail };
      given.signal.addEventListener('abort', () => fail(given.signal.reason));
    });
  });
  return { ahead, work: work as LayerWork, ...(settle as Pick<Held, 'finish' | 'fail'>) };
}

describe('a capture that has begun before it is asked for', () => {
  it('gives its layer, and tells that the root is free, to whoever asks before and after', async () => {
    for (const isEarly of [true, false]) {
      const { ahead, work, finish } = begin();
      const told: string[] = [];
      const take = async (): Promise<void> => {
        const made = await ahead.take({ signal: new AbortController().signal, free: () => told.push('free') });
        told.push(made === layer ? 'layer' : 'other');
      };
      const taken = isEarly ? take() : undefined;
      work.free();
      await quiet();
      if (isEarly) assert.deepEqual(told, ['free']);
      finish(layer);
      await quiet();
      await (taken ?? take());
      assert.deepEqual(told, ['free', 'layer']);
    }
  });

  it('fails for whoever asks, and not before', async () => {
    const { ahead, fail } = begin();
    fail(new Error('no room'));
    await quiet();
    await assert.rejects(ahead.take({ signal: new AbortController().signal, free: () => undefined }), /no room/);
  });

  it('ends when it is given up by whoever asked', async () => {
    const { ahead } = begin();
    const abort = new AbortController();
    const taken = ahead.take({ signal: abort.signal, free: () => undefined });
    abort.abort(new Error('enough'));
    await assert.rejects(taken, /enough/);
  });

  it('ends when nobody will ask', async () => {
    const { ahead, work } = begin();
    await ahead.drop();
    assert.ok(work.signal.aborted);
  });
});

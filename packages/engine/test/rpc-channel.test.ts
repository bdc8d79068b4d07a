import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { portChannel } from '../src/host/channel.js';
import { type Caller, createCaller, type Handlers, serve } from '../src/host/rpc.js';
import { VarveError } from '../src/model/error.js';

type Methods = {
  add: { params: readonly [number, number]; result: number; event: never };
  echo: { params: unknown; result: unknown; event: never };
  count: { params: number; result: string; event: number };
  fail: { params: 'coded' | 'plain' | 'thrown'; result: never; event: never };
  wait: { params: undefined; result: string; event: 'waiting' };
};

describe('calls over a channel', () => {
  let caller: Caller<Methods>;
  let served: Promise<void>;
  let notes: unknown[];
  let aborted: unknown[];
  let ports: MessageChannel;

  const handlers: Handlers<Methods> = {
    add: ([a, b]) => Promise.resolve(a + b),
    echo: value => Promise.resolve(value),
    async count(to, { emit }) {
      for (let at = 1; at <= to; at++) emit(at);
      return 'counted';
    },
    fail(how) {
      if (how === 'thrown') throw new VarveError('E_AT_ONCE', 'before a promise');
      const where = { file: 'Dockerfile', line: 3, column: 5 };
      const coded = new VarveError('E_STEP_FAILED', 'it failed', { hint: 'mend it', where, data: { exitCode: 7 } });
      return Promise.reject(how === 'coded' ? coded : new TypeError('a fault'));
    },
    wait: (_, { signal, emit }) =>
      new Promise((_resolve, reject) => {
        emit('waiting');
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason);
          reject(signal.reason);
        });
      }),
  };

  beforeEach(() => {
    ports = new MessageChannel();
    notes = [];
    aborted = [];
    caller = createCaller<Methods>(portChannel(ports.port1), () => 'the other side is gone');
    served = serve<Methods>(portChannel(ports.port2), handlers, (name, value) => void notes.push([name, value]));
  });
  afterEach(async () => {
    ports.port1.close();
    await served;
  });

  /** A call that has begun on the other side. */
  function begun(signal?: AbortSignal): Promise<{ readonly answer: Promise<string> }> {
    return new Promise(resolve => {
      const answer = caller.call('wait', undefined, {
        ...(signal ? { signal } : {}),
        onEvent: () => resolve({ answer }),
      });
    });
  }

  it('give results, many at a time', async () => {
    const sums = await Promise.all([1, 2, 3].map(n => caller.call('add', [n, 10])));
    assert.deepEqual(sums, [11, 12, 13]);
  });

  it('carry what structured cloning carries', async () => {
    const value = {
      map: new Map([['a', new Uint8Array([1, 2])]]),
      big: 2n ** 70n,
      name: 'x\udcff',
      nothing: undefined,
    };
    assert.deepEqual(await caller.call('echo', value), value);
  });

  it('tell events in order and before the result, each call its own', async () => {
    const seen: string[] = [];
    const count = (label: string, to: number): Promise<unknown> =>
      caller
        .call('count', to, { onEvent: n => void seen.push(`${label}${n}`) })
        .then(done => seen.push(`${label} ${done}`));
    await Promise.all([count('a', 3), count('b', 2)]);
    const of = (label: string): readonly string[] => seen.filter(text => text.startsWith(label));
    assert.deepEqual(of('a'), ['a1', 'a2', 'a3', 'a counted']);
    assert.deepEqual(of('b'), ['b1', 'b2', 'b counted']);
  });

  it('bring errors with code, hint, place and data, and faults as such with their trace', async () => {
    await assert.rejects(caller.call('fail', 'coded'), {
      code: 'E_STEP_FAILED',
      message: 'it failed',
      hint: 'mend it',
      where: { file: 'Dockerfile', line: 3, column: 5 },
      data: { exitCode: 7 },
    });
    await assert.rejects(caller.call('fail', 'thrown'), { code: 'E_AT_ONCE' });
    await assert.rejects(caller.call('fail', 'plain'), (error: VarveError) => {
      assert.equal(error.code, 'E_INTERNAL');
      assert.equal(error.message, 'a fault');
      assert.match(error.stack ?? '', /rpc-channel\.test/);
      return true;
    });
    await assert.rejects(caller.call('unknown' as 'add', [1, 2]), { code: 'E_INTERNAL' });
  });

  it('can be cancelled: the other side hears of it, and the reason is our own', async () => {
    const abort = new AbortController();
    const { answer } = await begun(abort.signal);
    abort.abort(new Error('enough'));
    await assert.rejects(answer, { message: 'enough' });
    assert.equal(aborted.length, 1);
    // The channel goes on.
    assert.equal(await caller.call('add', [1, 1]), 2);
  });

  it('that were cancelled before they began are cancelled there too', async () => {
    await assert.rejects(caller.call('wait', undefined, { signal: AbortSignal.abort(new Error('never')) }), {
      message: 'never',
    });
    assert.equal(aborted.length, 1);
  });

  it('leave nothing on a signal that outlives them', async () => {
    const { signal } = new AbortController();
    await caller.call('add', [1, 2], { signal });
    await assert.rejects(caller.call('fail', 'coded', { signal }));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('fail when the other side is gone, at once afterwards', async () => {
    const { answer } = await begun();
    ports.port2.close();
    await assert.rejects(answer, { code: 'E_HOST_DIED', message: 'the other side is gone' });
    await assert.rejects(caller.call('add', [1, 2]), { code: 'E_HOST_DIED' });
  });

  it('are ended on the other side when the caller is gone, before that one is done', async () => {
    const { answer } = await begun();
    const failed = assert.rejects(answer, { code: 'E_HOST_DIED' });
    ports.port1.close();
    await failed;
    await served;
    assert.equal(aborted.length, 1);
  });

  it('and notes arrive in the order in which they were sent', async () => {
    caller.note('blob', 1);
    caller.note('blob', { deep: [2] });
    await caller.call('add', [1, 1]);
    assert.deepEqual(notes, [
      ['blob', 1],
      ['blob', { deep: [2] }],
    ]);
  });
});

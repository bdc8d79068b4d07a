import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  type Descriptor,
  digestOf,
  PushAhead,
  type PushBlobOutcome,
  parseReference,
  type RegistryClient,
} from '@varve/oci';

const references = ['one.test/a:1', 'one.test/b:1', 'two.test/a:1'].map(parseReference);
const [first, , second] = references as [(typeof references)[0], (typeof references)[0], (typeof references)[0]];
const blobs = ['x', 'y', 'z'].map(
  (text): Descriptor => ({ mediaType: 'application/octet-stream', digest: digestOf(Buffer.from(text)), size: 1 }),
);
const [x, y, z] = blobs as [Descriptor, Descriptor, Descriptor];

/** A client whose pushes wait until they are let go. */
class HeldClient {
  readonly begun: string[] = [];
  /** What each of them was told of those that follow. */
  readonly following: (() => number)[] = [];
  readonly #settle = new Map<string, { done(outcome: PushBlobOutcome): void; fail(error: Error): void }>();

  readonly client = {
    pushBlob: (repository, { digest }, _open, options = {}) =>
      new Promise<PushBlobOutcome>((done, fail) => {
        const name = `${repository.registry}/${repository.repository} ${'xyz'[blobs.findIndex(blob => blob.digest === digest)]}`;
        this.begun.push(name);
        if (options.following) this.following.push(options.following);
        this.#settle.set(name, { done, fail });
        options.signal?.addEventListener('abort', () => fail(options.signal?.reason as Error));
      }),
  } as Pick<RegistryClient, 'pushBlob'> as RegistryClient;

  async done(name: string, outcome: PushBlobOutcome = 'uploaded'): Promise<void> {
    this.#settle.get(name)?.done(outcome);
    await setImmediate();
  }

  async fail(name: string): Promise<void> {
    this.#settle.get(name)?.fail(new Error('no'));
    await setImmediate();
  }
}

function start(signal?: AbortSignal): { readonly held: HeldClient; readonly ahead: PushAhead } {
  const held = new HeldClient();
  return { held, ahead: new PushAhead({ client: held.client, references, blob: async function* () {}, signal }) };
}

describe('blobs that are pushed before their image is finished', () => {
  it('go one after the other to the first repository of each registry, each once', async () => {
    const { held, ahead } = start();
    for (const blob of [x, y, x]) ahead.push(blob);
    const expected = ['one.test/a x', 'two.test/a x', 'one.test/a y', 'two.test/a y'];
    for (const [at, name] of expected.entries()) {
      assert.deepEqual(held.begun, expected.slice(0, at + 1));
      await held.done(name, name.endsWith('x') ? 'uploaded' : 'exists');
    }
    ahead.push(x);
    assert.deepEqual(held.begun, expected);
    assert.equal(await ahead.outcome(first, x.digest), 'uploaded');
    assert.equal(await ahead.outcome(second, y.digest), 'exists');
    assert.equal(await ahead.outcome(first, z.digest), undefined);
    ahead.push(z);
    assert.equal(held.begun.at(-1), 'one.test/a z');
  });

  it('are left to who asks for them where their turn has not come, and waited for where it has', async () => {
    const { held, ahead } = start();
    ahead.push(x);
    ahead.push(y);
    const running = ahead.outcome(first, x.digest);
    assert.equal(await ahead.outcome(first, y.digest), undefined);
    await held.done('one.test/a x', 'mounted');
    assert.equal(await running, 'mounted');
    await held.done('two.test/a x');
    assert.deepEqual(held.begun, ['one.test/a x', 'two.test/a x', 'two.test/a y']);
  });

  it('let uploads be begun for those that will follow new ones, until the image is finished', async () => {
    const held = new HeldClient();
    const isNew = ({ digest }: Descriptor): boolean => digest === y.digest;
    const means = { client: held.client, references: [first], blob: async function* () {}, isNew };
    const ahead = new PushAhead(means);
    ahead.push(x);
    ahead.push(y);
    await held.done('one.test/a x');
    assert.deepEqual(
      held.following.map(count => count()),
      [0, 2],
    );
    void ahead.outcome(first, y.digest);
    assert.deepEqual(
      held.following.map(count => count()),
      [0, 0],
    );
    await held.done('one.test/a y');
  });

  it("that fail are nobody's error, and hold up no other", async () => {
    const { held, ahead } = start();
    ahead.push(x);
    await held.fail('one.test/a x');
    assert.equal(await ahead.outcome(first, x.digest), undefined);
    assert.deepEqual(held.begun, ['one.test/a x', 'two.test/a x']);
  });

  it('end when nobody wants them any more', async () => {
    for (const end of [(ahead: PushAhead) => ahead.stop(new Error('over')), undefined]) {
      const called = new AbortController();
      const { held, ahead } = start(called.signal);
      ahead.push(x);
      ahead.push(y);
      if (end) await end(ahead);
      else called.abort(new Error('over'));
      ahead.push(z);
      await ahead.stop(new Error('over'));
      assert.deepEqual(held.begun, ['one.test/a x']);
      assert.equal(await ahead.outcome(first, x.digest), undefined);
      assert.equal(await ahead.outcome(first, z.digest), undefined);
    }
  });
});

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { digestOf, mediaTypes } from '@varve/oci';
import { GrowingFiles } from '../src/host/growing-file.js';
import type { BlobInput } from '../src/host/protocol.js';

const base = mkdtempSync(join(tmpdir(), 'varve-growing-'));
after(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

/** A blob that is on its way, and its reader; `read` gives what comes next as text, or the end. */
function incoming(text: string, size = text.length) {
  const dir = mkdtempSync(join(base, `${count++}-`));
  const [path, final] = [join(dir, 'partial'), join(dir, 'final')];
  writeFileSync(path, text);
  const digest = digestOf(Buffer.from(`blob ${dir}`));
  const input: BlobInput = {
    descriptor: { mediaType: mediaTypes.ociLayer, digest, size },
    growing: { path, available: text.length },
  };
  const files = new GrowingFiles();
  const abort = new AbortController();
  const iterator = files.read(input, final, abort.signal)[Symbol.asyncIterator]();
  const grow = (more: string): number => {
    appendFileSync(path, more);
    text += more;
    return text.length;
  };
  const tell = (state: 'growing' | 'done' | 'failed'): void => files.note({ digest, available: text.length, state });
  const read = async (): Promise<string | undefined> => {
    const { done, value } = await iterator.next();
    return done ? undefined : Buffer.from(value).toString();
  };
  return { path, final, input, files, abort, grow, tell, read };
}

/** Whether a promise has settled by the time that everything which is ready has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let is = false;
  const note = (): void => {
    is = true;
  };
  promise.then(note, note);
  await new Promise(resolve => setImmediate(resolve));
  return is;
}

describe('a blob that is being fetched', () => {
  it('is read as far as it is there, then waited for', async () => {
    const { grow, tell, read } = incoming('abc', 9);
    assert.equal(await read(), 'abc');
    const next = read();
    assert.equal(await settled(next), false);
    grow('def');
    tell('growing');
    assert.equal(await next, 'def');
    grow('ghi');
    tell('done');
    assert.equal(await read(), 'ghi');
    assert.equal(await read(), undefined);
  });

  it('does not end before all of it was verified', async () => {
    const { tell, read } = incoming('abc');
    assert.equal(await read(), 'abc');
    const end = read();
    assert.equal(await settled(end), false);
    tell('done');
    assert.equal(await end, undefined);
  });

  it('that was told to be ready before anybody read it needs no further word', async () => {
    const { tell, read } = incoming('abc');
    tell('done');
    assert.equal(await read(), 'abc');
    assert.equal(await read(), undefined);
  });

  it('that fails is an error, in the middle and at the end', async () => {
    const middle = incoming('abc', 9);
    await middle.read();
    const next = middle.read();
    middle.tell('failed');
    await assert.rejects(next, { code: 'E_BLOB_FETCH' });
    const end = incoming('abc');
    await end.read();
    end.tell('failed');
    await assert.rejects(end.read(), { code: 'E_BLOB_FETCH' });
  });

  it('is no longer waited for by whoever is cancelled', async () => {
    const { abort, read } = incoming('abc', 9);
    await read();
    const next = read();
    abort.abort(new Error('enough'));
    await assert.rejects(next, { message: 'enough' });
  });

  it('leaves nothing on the signal, however often it is waited for', async () => {
    const { abort, grow, tell, read } = incoming('', 20);
    for (let at = 0; at < 20; at++) {
      const next = read();
      await settled(next);
      assert.ok(getEventListeners(abort.signal, 'abort').length <= 1);
      grow('x');
      tell(at === 19 ? 'done' : 'growing');
      assert.equal(await next, 'x');
    }
    assert.equal(await read(), undefined);
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
  });

  it('may be moved to its place before it is opened, and while it is read', async () => {
    const before = incoming('abc');
    renameSync(before.path, before.final);
    before.tell('done');
    assert.equal(await before.read(), 'abc');
    const during = incoming('abc', 6);
    assert.equal(await during.read(), 'abc');
    during.grow('def');
    renameSync(during.path, during.final);
    during.tell('done');
    assert.equal(await during.read(), 'def');
    assert.equal(await during.read(), undefined);
  });

  it('is read by several at once', async () => {
    const { files, input, final, grow, tell } = incoming('abc', 6);
    const all = async (): Promise<string> => {
      let text = '';
      for await (const chunk of files.read(input, final, new AbortController().signal)) text += Buffer.from(chunk);
      return text;
    };
    const both = Promise.all([all(), all()]);
    grow('def');
    tell('done');
    assert.deepEqual(await both, ['abcdef', 'abcdef']);
  });
});

describe('a blob of the store', () => {
  const stored = (text: string, size: number): Promise<string> => {
    const { path, input, files } = incoming(text, size);
    const { growing: _, ...there } = input;
    return (async () => {
      let all = '';
      for await (const chunk of files.read(there, path, new AbortController().signal)) all += Buffer.from(chunk);
      return all;
    })();
  };

  it('is read without a word of anybody', async () => {
    assert.equal(await stored('abc', 3), 'abc');
    assert.equal(await stored('', 0), '');
  });

  it('that is shorter than it should be is damaged', async () => {
    await assert.rejects(stored('abc', 5), { code: 'E_BLOB_DAMAGED' });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Companion, LayerBeingWritten } from '../src/host/layer-being-written.js';
import type { FinishedStepLayer } from '../src/host/protocol.js';
import { readByTwo } from '../src/host/read-by-two.js';
import { readLayer, TocCollector, writeLayerTar } from '../src/layer/index.js';
import { teeVisitors } from '../src/layer/visitor.js';
import type { Change } from '../src/model/change.js';
import { layerNamed } from './planning-support.js';

const made: FinishedStepLayer = { layer: layerNamed('made'), compressor: 'none' };
const entry = { type: 'file', mode: 0o644, uid: 1, gid: 2, size: 3, mtimeNs: 4n } as const;
const changes: readonly Change[] = [
  {
    kind: 'write',
    path: 'a',
    entry: { ...entry, linkGroup: 1 },
    content: { kind: 'bytes', bytes: Buffer.from('one') },
  },
  { kind: 'write', path: 'b', entry: { ...entry, linkGroup: 1 } },
  { kind: 'delete', path: 'c' },
  { kind: 'replace', path: 'd', entry: { ...entry, type: 'directory', size: 0 } },
  { kind: 'write', path: 'e', entry: { ...entry, type: 'symlink', linkTarget: 'a', size: 0 } },
];

/** Writes the changes as a host does, and tells when it is done with that. */
function writer(failAfter = Number.POSITIVE_INFINITY): { layer: LayerBeingWritten; read: Buffer[] } {
  const read: Buffer[] = [];
  async function* given(): AsyncGenerator<Change> {
    for (const [at, change] of changes.entries()) {
      if (at >= failAfter) throw new Error('it broke');
      yield change;
    }
  }
  const layer = new LayerBeingWritten(async (companion: Companion) => {
    const visitor = new TocCollector();
    const tar = writeLayerTar(given(), {
      ancestor: () => undefined,
      visitor: 'visitor' in companion ? teeVisitors(visitor, companion.visitor) : visitor,
    });
    const finish = async (bytes: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const chunk of bytes) read.push(Buffer.from(chunk));
      if ('visitor' in companion) companion.onRead();
    };
    if ('visitor' in companion) await finish(tar);
    else await readByTwo(tar, finish, companion.readBy);
    return made;
  });
  return { layer, read };
}

/** All that a visitor is shown, with the bytes of each file as one. */
async function seen(tar: AsyncIterable<Uint8Array>): Promise<readonly unknown[]> {
  const events: unknown[] = [];
  await readLayer(tar, {
    begin: item => void events.push(item),
    data: chunk => void events.push(Buffer.from(chunk).toString()),
    end: () => void events.push('end'),
  });
  return events;
}

async function* plain(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* tar;
}

describe('a layer that is laid down while it is written', () => {
  it('shows what somebody who reads its tar would see, and is the same', async () => {
    const [shown, parsed] = [writer(), writer()];
    const events = await seen(shown.layer.tar);
    assert.deepEqual(await seen(plain(parsed.layer.tar)), events);
    assert.ok(events.includes('one'));
    assert.equal(await shown.layer.finished(), made);
    assert.equal(await parsed.layer.finished(), made);
    assert.ok(Buffer.concat(shown.read).equals(Buffer.concat(parsed.read)));
  });

  for (const [how, read] of [
    ['shown', seen],
    ['parsed', (tar: AsyncIterable<Uint8Array>) => seen(plain(tar))],
  ] as const)
    it(`fails for whoever it is ${how} to as for whoever waits for it`, async () => {
      const { layer } = writer(2);
      await assert.rejects(read(layer.tar), { message: 'it broke' });
      await assert.rejects(layer.finished(), { message: 'it broke' });
    });

  it('ends with whoever lays it down', async () => {
    const { layer } = writer();
    const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
    const begin = (): never => {
      throw full;
    };
    await assert.rejects(readLayer(layer.tar, { begin, data: () => undefined, end: () => undefined }), full);
    await assert.rejects(layer.finished(), full);
  });
});

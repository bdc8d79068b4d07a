import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HistoryEntry, ImageConfig } from '@varve/oci';
import { type HistoryStep, historyOf } from '../src/image/history.js';
import { layerNamed } from './planning-support.js';

const [t1, t2, t3, t4] = [1, 2, 3, 4].map(day => `2026-01-0${day}T00:00:00Z`) as [string, string, string, string];

/** A step as it is when it is done: what its history says, when it was made, and whether it made a layer. */
function step(createdBy: string | undefined, created?: string, hasLayer = created !== undefined): HistoryStep {
  const inputs = createdBy === undefined ? {} : { createdBy };
  return {
    planned: { inputs } as HistoryStep['planned'],
    layer: hasLayer ? layerNamed(String(createdBy)) : null,
    ...(created === undefined ? {} : { created }),
  };
}

function baseWith(...history: readonly HistoryEntry[]): ImageConfig {
  return { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] }, history };
}

const times = (history: readonly HistoryEntry[]): readonly (string | undefined)[] =>
  history.map(({ created }) => created);

describe('history', () => {
  it('goes on from that of the base, which stays as it is', () => {
    const own: HistoryEntry = { created: t1, created_by: 'base', author: 'them', comment: 'odd' };
    const history = historyOf(baseWith(own), [step('RUN x', t2)], undefined);
    assert.deepEqual(history, [own, { created: t2, created_by: 'RUN x', comment: 'buildkit.dockerfile.v0' }]);
  });

  it('marks what made no layer, a step that ran and changed nothing among it', () => {
    const history = historyOf(undefined, [step('ENV A=1'), step('RUN true', t2, false), step('RUN x', t3)], undefined);
    assert.deepEqual(
      history.map(({ empty_layer: empty }) => empty ?? false),
      [true, true, false],
    );
  });

  it('gives steps without a time that of the one before, and the first ones that of the first own time', () => {
    const steps = [step('ENV A=1'), step('RUN x', t2), step('ENV B=1'), step('RUN y', t3), step('CMD z')];
    assert.deepEqual(times(historyOf(undefined, steps, undefined)), [t2, t2, t2, t3, t3]);
    assert.deepEqual(times(historyOf(baseWith({ created: t1, created_by: 'b' }), steps, undefined)), [
      t1,
      t2,
      t2,
      t2,
      t3,
      t3,
    ]);
  });

  it('takes the time of the base where no step has one, and none where nothing has', () => {
    const steps = [step('ENV A=1'), step('CMD z')];
    assert.deepEqual(times(historyOf(baseWith({ created: t1 }), steps, undefined)), [t1, t1, t1]);
    assert.deepEqual(times(historyOf(undefined, steps, undefined)), [undefined, undefined]);
  });

  it('has the time of SOURCE_DATE_EPOCH for every step of its own, and not for the base', () => {
    const steps = [step('ENV A=1'), step('RUN x', t2), step('RUN y', t3)];
    assert.deepEqual(times(historyOf(baseWith({ created: t1 }), steps, t4)), [t1, t4, t4, t4]);
  });

  it('leaves out what writes no history', () => {
    assert.deepEqual(historyOf(undefined, [step(undefined), step(undefined, t1)], undefined), []);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildEvent } from '../src/model/event.js';
import { startProgress } from '../src/session/progress.js';

test('an id of progress events is over with done: what is told of the same thing later has another one', () => {
  const events: BuildEvent[] = [];
  const progress = startProgress(event => events.push(event));
  for (const current of [1, 2]) {
    progress.report('unpack', 'the base', { current });
    progress.report('push', 'an image', { current });
    progress.report('unpack', 'the base', { done: true });
  }
  const told = events.flatMap(event => (event.type === 'progress' ? [`${event.id}${event.done ? ' done' : ''}`] : []));
  assert.deepEqual(told, [
    'unpack the base',
    'push an image',
    'unpack the base done',
    'unpack the base 2',
    'push an image',
    'unpack the base 2 done',
  ]);
});

test('a sink that throws is not asked why', () => {
  const progress = startProgress(() => {
    throw new Error('of the sink');
  });
  progress.warn('W_CACHE_OFF', 'told to nobody');
});

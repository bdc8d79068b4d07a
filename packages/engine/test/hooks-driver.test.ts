import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageConfig } from '@varve/oci';
import type { BuildOutcome, StepRef } from '../src/plugin/index.js';
import { VarveError } from '../src/plugin/index.js';
import { Hooks } from '../src/providers/hooks.js';
import { withHooks } from './plugin-support.js';

const config: ImageConfig = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } };
const failed: BuildOutcome = { ok: false, error: new VarveError('E_X', 'x') };
const step = {} as StepRef;

describe('hooks', () => {
  it('amend in turn: those that come first, then in the order of the plugins, then those that come last', async () => {
    const add = (author: string) => (before: ImageConfig) => ({ ...before, author: `${before.author ?? ''}${author}` });
    const hooks = new Hooks([
      withHooks('a', { imageConfig: { order: 'last', run: add('a') } }),
      withHooks('b', { imageConfig: add('b') }),
      withHooks('c', { imageConfig: () => undefined }),
      withHooks('d', { imageConfig: async before => add('d')(before) }),
      withHooks('e', { imageConfig: { order: 'first', run: add('e') } }),
    ]);
    assert.equal((await hooks.amend('imageConfig', config)).author, 'ebda');
    assert.equal(config.author, undefined);
  });

  it('guard in turn, and the first that refuses is named', async () => {
    const asked: string[] = [];
    const guard = (name: string, error?: unknown) =>
      withHooks(name, {
        async beforeStep() {
          asked.push(name);
          if (error !== undefined) throw error;
        },
      });
    const reason = Object.assign(new Error('not on Fridays'), { code: 'E_FRIDAY', hint: 'wait' });
    const hooks = new Hooks([guard('one'), guard('two', reason), guard('three')]);
    await assert.rejects(hooks.guard('beforeStep', step), {
      code: 'E_PLUGIN_HOOK',
      message: 'the plugin two refused in beforeStep: not on Fridays',
      hint: 'wait',
      data: { plugin: 'two', hook: 'beforeStep', code: 'E_FRIDAY' },
      cause: reason,
    });
    assert.deepEqual(asked, ['one', 'two']);
  });

  it('observe together: none waits for another', async () => {
    const order: string[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    const hooks = new Hooks([
      withHooks('slow', {
        async planMade() {
          order.push('slow begins');
          await gate;
          order.push('slow ends');
        },
      }),
      withHooks('fast', {
        planMade() {
          order.push('fast');
          release();
        },
      }),
    ]);
    await hooks.observe('planMade', {} as never);
    assert.deepEqual(order, ['slow begins', 'fast', 'slow ends']);
  });

  it('settle all of them, whatever happens, and tell what went wrong', async () => {
    const settled: string[] = [];
    const settle = (name: string, fails: boolean) =>
      withHooks(name, {
        buildSettled(outcome) {
          settled.push(`${name} ${outcome.ok}`);
          if (fails) throw new Error(`${name} failed`);
        },
      });
    const hooks = new Hooks([settle('one', true), settle('two', false), settle('three', true)]);
    const errors = await hooks.settle('buildSettled', failed);
    assert.deepEqual(settled, ['one false', 'two false', 'three false']);
    assert.deepEqual(
      errors.map(({ code, data }) => [code, data?.plugin]),
      [
        ['E_PLUGIN_HOOK', 'one'],
        ['E_PLUGIN_HOOK', 'three'],
      ],
    );
  });

  it('that have not returned are known by name', async () => {
    let release = (): void => undefined;
    const hooks = new Hooks([
      withHooks('slow', {
        beforeStep: () =>
          new Promise(resolve => {
            release = resolve;
          }),
      }),
    ]);
    const running = hooks.guard('beforeStep', step);
    assert.deepEqual([...hooks.pending], ['slow.beforeStep']);
    release();
    await running;
    assert.deepEqual([...hooks.pending], []);
  });

  it('that nobody has change nothing', async () => {
    const hooks = new Hooks([withHooks('none', {})]);
    assert.equal(await hooks.amend('imageConfig', config), config);
    assert.deepEqual(await hooks.settle('buildSettled', failed), []);
    await hooks.guard('beforeStep', step);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VarveError } from '../src/model/error.js';
import type { InstructionHandler } from '../src/plugin/instruction.js';
import { runPlan } from '../src/run/run-plan.js';
import { planOf } from './planning-support.js';
import { end, HeldSteps, namesOf, quiet, type Running, start } from './run-plan-support.js';

/** Starts a plan in which the layers of some steps are not finished before they are let go. */
function startLate(text: string, late: readonly string[], oneByOne = false): Promise<Running> {
  const steps = new HeldSteps();
  for (const name of late) steps.late.add(name);
  steps.rootIsReady = true;
  return start(text, { steps, oneByOne });
}

/** What was told of steps, as `KIND STEP`. */
function told({ events }: HeldSteps): readonly string[] {
  return events.flatMap(event => {
    if (event.type === 'stepStarted') return [`started ${event.step}`];
    return event.type === 'stepFinished' ? [`${event.result.kind} ${event.step}`] : [];
  });
}

const two = 'FROM base\nRUN ["one"]\nENV A=1\nRUN ["two"]\nCMD x\n';

describe('while the layer of a step is finished', () => {
  it('the next process runs on what it made, and layers, steps and history keep their order', async () => {
    const { steps, result } = await startLate(two, ['one']);
    await end(steps, 'one');
    assert.deepEqual(steps.running, ['layer of one', 'two']);
    assert.deepEqual(steps.saved, []);
    await end(steps, 'two');
    assert.ok(!steps.diary.includes('capture two'), 'two layers of a root are being made');
    await end(steps, 'layer of one');
    const { layers, steps: finished } = await result;
    assert.deepEqual(namesOf(layers), ['base', 'one', 'two']);
    assert.deepEqual(
      finished.map(({ planned, layer }) => [planned.instruction.keyword, layer === null]),
      [
        ['RUN', false],
        ['ENV', true],
        ['RUN', false],
        ['CMD', true],
      ],
    );
    assert.deepEqual(told(steps), ['started 0', 'started 2', 'ran 0', 'ran 2']);
    assert.equal(steps.diary.filter(line => line.startsWith('sync')).length, 2);
  });

  it('the next process runs on files that were laid on the root', async () => {
    const { steps, result } = await startLate('FROM base\nRUN ["one"]\nWORKDIR /a\nRUN ["two"]\n', ['laid']);
    await end(steps, 'one');
    assert.deepEqual(steps.running, ['layer of laid', 'two']);
    await end(steps, 'layer of laid', 'two');
    assert.deepEqual(namesOf((await result).layers), ['base', 'one', 'laid', 'two']);
  });

  it('a step that writes files waits: its layer is on top of that one', async () => {
    const { steps, result } = await startLate('FROM base\nRUN ["one"]\nWORKDIR /a\nRUN ["two"]\n', ['one']);
    await end(steps, 'one');
    assert.deepEqual(steps.running, ['layer of one']);
    await end(steps, 'layer of one', 'two');
    await result;
  });

  it('a process waits where the layer was written elsewhere and has yet to get onto the root', async () => {
    const { steps, result } = await startLate('FROM base\nRUN ["one"]\nWORKDIR /a\nRUN ["two"]\n', []);
    steps.rootIsReady = false;
    await end(steps, 'one');
    assert.ok(steps.diary.indexOf('sync  [base,one,written]') < steps.diary.indexOf('run two'));
    await end(steps, 'two');
    await result;
  });

  it('nothing else begins where a plugin looks at steps and layers', async () => {
    const { steps, result } = await startLate(two, ['one'], true);
    await end(steps, 'one');
    assert.deepEqual(steps.running, ['layer of one']);
    await end(steps, 'layer of one', 'two');
    await result;
    assert.deepEqual(told(steps), ['started 0', 'ran 0', 'started 2', 'ran 2']);
  });

  it('the next one is stopped where it cannot be finished, and its error is that of the build', async () => {
    const { steps, result } = await startLate(two, ['one']);
    await end(steps, 'one');
    steps.fail('layer of one', new VarveError('E_STORE', 'no room'));
    await quiet();
    await assert.rejects(result, { code: 'E_STORE' });
    assert.ok(steps.diary.includes('killed two'));
    assert.ok(steps.diary.includes('close '));
    assert.deepEqual(told(steps), ['started 0', 'started 2', 'failed 0', 'stopped 2']);
    assert.deepEqual(steps.saved, []);
  });

  it('the next one may fail: what was made before is remembered', async () => {
    const { steps, result } = await startLate(two, ['one']);
    await end(steps, 'one');
    steps.exit('two', 1);
    await quiet();
    assert.deepEqual(told(steps), ['started 0', 'started 2']);
    await end(steps, 'layer of one');
    await assert.rejects(result, { code: 'E_STEP_FAILED' });
    assert.deepEqual(told(steps), ['started 0', 'started 2', 'ran 0', 'failed 2']);
    assert.deepEqual(steps.saved, ['[2/3] RUN ["one"]']);
  });

  it('a build that is cancelled ends when all of it has', async () => {
    const { steps, result } = await startLate(two, ['one']);
    await end(steps, 'one');
    steps.abort.abort(new Error('enough'));
    await assert.rejects(result, { message: 'enough' });
    assert.deepEqual(steps.running, []);
    assert.deepEqual(told(steps), ['started 0', 'started 2', 'stopped 0', 'stopped 2']);
  });
});

describe('a handler that says which process is its last', () => {
  it('may run no other', async () => {
    const steps = new HeldSteps();
    const plan = await planOf('FROM base\nRUN ["one"]\n');
    const run = await steps.tools.handler('RUN');
    const twice: InstructionHandler = {
      ...run,
      async perform(instruction, state, world, signal) {
        await run.perform?.(instruction, state, world, signal);
        return run.perform?.(instruction, state, world, signal) ?? { kind: 'none' };
      },
    };
    const result = runPlan(plan, { ...steps.tools, handler: () => Promise.resolve(twice) }, 1);
    result.catch(() => undefined);
    await quiet();
    await end(steps, 'one');
    await assert.rejects(result, { code: 'E_PLUGIN_STEP', message: /RUN .* after the one that it said was the last/ });
  });
});

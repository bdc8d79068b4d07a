import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BuildEvent } from '../src/model/event.js';
import type { PlannedStage } from '../src/model/plan.js';
import type { PlanInput } from '../src/plan/planner.js';
import type { LayersOfStage } from '../src/run/tools.js';
import { failure, layerNamed } from './planning-support.js';
import { end, HeldSteps, namesOf, start } from './run-plan-support.js';

describe('a stage', () => {
  it('runs its steps in order, on what was there before each', async () => {
    const { steps, result } = await start('FROM base\nRUN ["one"]\nENV A=1\nRUN ["two"]\n');
    await end(steps, 'one', 'two');
    const { layers, steps: finished } = await result;
    assert.deepEqual(namesOf(layers), ['base', 'one', 'two']);
    assert.deepEqual(
      finished.map(({ layer, created }) => [layer !== null, created]),
      [
        [true, '1970-01-01T00:00:00.000Z'],
        [false, undefined],
        [true, '1970-01-01T00:00:00.000Z'],
      ],
    );
    assert.deepEqual(
      steps.diary.filter(line => !line.startsWith('sync')),
      [
        'open ',
        'run one',
        'capture one',
        'built [2/3] RUN ["one"] one',
        'run two',
        'capture two',
        'built [3/3] RUN ["two"] two',
        'close ',
      ],
    );
    assert.ok(steps.diary.indexOf('sync  [base,one]') < steps.diary.indexOf('run two'));
    assert.deepEqual(steps.saved, ['[2/3] RUN ["one"]', '[3/3] RUN ["two"]']);
  });

  it('lays files down in its root while their layer is written, where that is ready and a later step wants them', async () => {
    const steps = new HeldSteps();
    steps.rootIsReady = true;
    const text = 'FROM base\nWORKDIR /a\nRUN ["one"]\nWORKDIR /b\n';
    const { result } = await start(text, { steps });
    await end(steps, 'one');
    assert.deepEqual(namesOf((await result).layers), ['base', 'laid', 'one', 'written']);
    assert.ok(steps.diary.indexOf('lay ') < steps.diary.indexOf('run one'));
    assert.deepEqual(
      steps.diary.filter(line => line.startsWith('lay')),
      ['lay '],
    );
  });

  it('makes ready what later steps copy while its first process runs', async () => {
    const from = (path: string): string => `COPY --from=other ${path} /\n`;
    const { steps, result } = await start(
      `FROM base\n${from('/a*')}RUN ["one"]\n${from('/b*')}RUN ["two"]\n${from('/c*')}`,
    );
    assert.deepEqual(steps.running, ['one']);
    assert.deepEqual(steps.prepared, ['/b*', '/c*']);
    await end(steps, 'one', 'two');
    await result;
    assert.deepEqual(steps.prepared, ['/b*', '/c*']);
    assert.deepEqual([...steps.copied.keys()], ['/a*', '/b*', '/c*']);
  });

  it('writes their layer elsewhere while its root is busy', async () => {
    const { steps, result } = await start('FROM base\nWORKDIR /a\nRUN ["one"]\n');
    await end(steps, 'one');
    assert.deepEqual(namesOf((await result).layers), ['base', 'written', 'one']);
    assert.ok(steps.diary.includes('sync  [base,written]'));
  });

  it('remembers a step that changed nothing, and makes no layer of it', async () => {
    const held = new HeldSteps();
    held.idle.add('one');
    const { steps, result } = await start('FROM base\nRUN ["one"]\n', { steps: held });
    await end(steps, 'one');
    assert.deepEqual(namesOf((await result).layers), ['base']);
    assert.deepEqual(steps.saved, ['[2/2] RUN ["one"] (nothing)']);
    assert.ok(!steps.diary.some(line => line.startsWith('built')));
  });

  it('opens no root for what needs none, and takes what is cached as it was', async () => {
    const lookUp: PlanInput['lookUp'] = asked =>
      Promise.resolve(
        asked.map(({ record }) =>
          record.kind === 'run'
            ? { step: { layer: layerNamed('cached'), compressor: '', created: '2020-01-01T00:00:00Z' }, by: 'memory' }
            : undefined,
        ),
      );
    const { steps, result } = await start('FROM base\nRUN ["one"]\nWORKDIR /w\nCMD x\n', { lookUp });
    const { steps: finished } = await result;
    assert.deepEqual(steps.diary, ['adopt [2/3] RUN ["one"]', 'built [3/3] WORKDIR /w written']);
    assert.equal(finished[0]?.created, '2020-01-01T00:00:00Z');
    assert.deepEqual(
      steps.events.map(({ type }) => type),
      ['stepStarted', 'stepFinished', 'stepStarted', 'stepFinished'],
    );
    const [, cached] = steps.events;
    assert.ok(cached?.type === 'stepFinished' && cached.result.kind === 'cached' && cached.result.by === 'memory');
  });

  it('goes on from the stage that it is based on, history and layers', async () => {
    const { steps, result } = await start('FROM base AS a\nRUN ["one"]\nFROM a\nRUN ["two"]\n');
    assert.deepEqual(steps.running, ['one']);
    await end(steps, 'one', 'two');
    const { layers, steps: finished } = await result;
    assert.deepEqual(namesOf(layers), ['base', 'one', 'two']);
    assert.equal(finished.length, 2);
  });

  it('tells of the layers of the image one by one, and of no others', async () => {
    const text = 'FROM base AS a\nRUN ["one"]\nFROM base AS b\nRUN ["other"]\nFROM a\nCOPY --from=b / /\nRUN ["two"]\n';
    const { steps, result } = await start(text);
    assert.deepEqual(steps.inImage, ['base']);
    await end(steps, 'one');
    assert.deepEqual(steps.inImage, ['base', 'one']);
    await end(steps, 'other', 'two');
    assert.deepEqual(steps.inImage, namesOf((await result).layers));
  });

  it('tells what a step prints as whole characters', async () => {
    const held = new HeldSteps();
    const euro = Buffer.from('€');
    held.onStart = (_, print) => {
      print('stdout', euro.subarray(0, 1));
      print('stderr', Buffer.from('oops'));
      print('stdout', euro.subarray(1));
      print('stdout', euro.subarray(0, 2));
    };
    const { steps, result } = await start('FROM base\nRUN ["one"]\n', { steps: held });
    await end(steps, 'one');
    await result;
    const output = steps.events.flatMap(event => (event.type === 'stepOutput' ? [[event.stream, event.text]] : []));
    assert.deepEqual(output, [
      ['stderr', 'oops'],
      ['stdout', '€'],
      ['stdout', '\ufffd'],
    ]);
  });
});

describe('stages', () => {
  const fork =
    'FROM x AS a\nRUN ["a"]\nFROM x AS b\nRUN ["b"]\nFROM x AS c\nRUN ["c"]\nFROM scratch\nCOPY --from=a /a* /\nCOPY --from=b /b* /\nCOPY --from=c /c* /\n';

  it('run side by side, as many as there are jobs', async () => {
    const { steps, result } = await start(fork, { jobs: 2 });
    assert.deepEqual(steps.running, ['a', 'b']);
    await end(steps, 'b');
    assert.deepEqual(steps.running, ['a', 'c']);
    await end(steps, 'c', 'a');
    await result;
    assert.equal(steps.most, 2);
  });

  it('do not lock each other up with one job', async () => {
    const text =
      'FROM x AS a\nRUN ["a"]\nFROM a AS b\nCOPY --from=a /f* /\nRUN ["b"]\nFROM x AS c\nCOPY --from=b /f* /\nRUN ["c"]\nFROM b\nCOPY --from=c /f* /\n';
    const { steps, result } = await start(text, { jobs: 1 });
    await end(steps, 'a', 'b', 'c');
    await result;
    assert.equal(steps.most, 1);
  });

  it('wait for those that they copy from, and see all of their layers', async () => {
    const { steps, result } = await start(
      'FROM x AS a\nRUN ["a"]\nRUN ["a2"]\nFROM y\nCOPY --from=a /f* /\nRUN ["own"]\n',
    );
    assert.deepEqual(steps.running, ['a']);
    await end(steps, 'a', 'a2');
    assert.deepEqual(steps.running, ['own']);
    assert.deepEqual(steps.copied.get('/f*'), ['base', 'a', 'a2']);
    await end(steps, 'own');
    await result;
  });

  it('begin with what they need no other stage for, and wait without a slot', async () => {
    const text = 'FROM x AS a\nRUN ["a"]\nFROM y\nRUN ["own"]\nCOPY --from=a /f* /\nRUN ["late"]\n';
    const { steps, result } = await start(text, { jobs: 2 });
    assert.deepEqual(steps.running.toSorted(), ['a', 'own']);
    await end(steps, 'own');
    assert.deepEqual(steps.running, ['a']);
    await end(steps, 'a');
    assert.deepEqual(steps.running, ['late']);
    assert.deepEqual(steps.copied.get('/f*'), ['base', 'a']);
    await end(steps, 'late');
    assert.deepEqual(namesOf((await result).layers), ['base', 'own', 'late']);
    // One root for all of it.
    assert.deepEqual(steps.diary.filter(line => /^(open|close) /.test(line)).sort(), [
      'close a',
      'close stage-1',
      'open a',
      'open stage-1',
    ]);
  });

  it('that have begun end with the failure of one that they wait for', async () => {
    const text = 'FROM x AS a\nRUN ["a"]\nFROM y\nRUN ["own"]\nCOPY --from=a /f* /\n';
    const { steps, result } = await start(text, { jobs: 1 });
    assert.equal(steps.running.length, 1);
    await end(steps, steps.running[0] as string);
    steps.exit(steps.running[0] as string, 1);
    await assert.rejects(result, { code: 'E_STEP_FAILED' });
    assert.equal(steps.diary.filter(line => line.startsWith('open')).length, 2);
    assert.equal(steps.diary.filter(line => line.startsWith('close')).length, 2);
  });

  it('that are not needed do not run', async () => {
    const { steps, result } = await start('FROM x AS unused\nRUN ["unused"]\nFROM y\nRUN ["own"]\n');
    await end(steps, 'own');
    await result;
    assert.deepEqual(
      steps.diary.filter(line => line.startsWith('run')),
      ['run own'],
    );
  });

  it('end with the first failure, which is the result, and close what they opened', async () => {
    const { steps, result } = await start(fork, { jobs: 2 });
    steps.exit('b', 7);
    await assert.rejects(result, failure('E_STEP_FAILED', '4:1'));
    assert.ok(steps.diary.includes('killed a'));
    assert.ok(steps.diary.includes('close a') && steps.diary.includes('close b'));
    // Neither the third stage nor the target began.
    assert.ok(!steps.diary.includes('run c'));
    assert.ok(!steps.diary.includes('open c'), 'a stage that waited opens no root');
    assert.deepEqual(steps.saved, []);
    const failed = steps.events.filter(
      (event): event is BuildEvent & { type: 'stepFinished' } => event.type === 'stepFinished',
    );
    assert.deepEqual(
      failed.map(({ result: outcome }) => outcome.kind),
      ['failed', 'stopped'],
    );
  });

  it('fail with the place of a fault that has none, and with the exit code of a step', async () => {
    const fault = await start('FROM x\nENV A=1\nRUN ["one"]\n');
    fault.steps.fail('one', Object.assign(new Error('no mount'), { code: 'E_EXECUTOR' }));
    await assert.rejects(fault.result, failure('E_EXECUTOR', '3:1'));
    const exit = await start('FROM x\nRUN ["one"]\n');
    exit.steps.exit('one', 127);
    await assert.rejects(exit.result, { data: { exitCode: 127 }, hint: /not found/ });
    const trigger = await start('FROM x AS a\nONBUILD RUN ["one"]\nFROM y\nFROM a\n');
    trigger.steps.exit('one', 1);
    await assert.rejects(trigger.result, failure('E_STEP_FAILED', '4:1'));
  });

  it('end with a fault of what is looked up between their steps', async () => {
    for (const which of ['current', 'review'] as const) {
      const steps = new HeldSteps();
      const fault = Object.assign(new Error('gone'), { code: 'E_GONE' });
      const look = steps.tools[which].bind(steps.tools);
      Object.assign(steps.tools, {
        [which]: (stage: PlannedStage, layers: LayersOfStage) =>
          stage.stage.index === 1 ? Promise.reject(fault) : look(stage, layers),
      });
      const { result } = await start(fork, { jobs: 2, steps });
      await assert.rejects(result, fault);
    }
  });

  it('end when the build is cancelled, with its reason', async () => {
    const { steps, result } = await start(fork);
    steps.abort.abort(new Error('Ctrl-C'));
    await assert.rejects(result, { message: 'Ctrl-C' });
    assert.deepEqual(steps.running, []);
    assert.ok(steps.diary.includes('close a') && steps.diary.includes('close b'));
  });

  it('are stopped by a guard that refuses a step', async () => {
    const held = new HeldSteps();
    held.guard = label => {
      if (label.includes('two')) throw Object.assign(new Error('not this one'), { code: 'E_PLUGIN_HOOK' });
    };
    const { steps, result } = await start('FROM x\nRUN ["one"]\nRUN ["two"]\n', { steps: held });
    await end(steps, 'one');
    await assert.rejects(result, { code: 'E_PLUGIN_HOOK' });
    assert.ok(!steps.diary.includes('run two'));
  });
});

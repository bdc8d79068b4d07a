import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CachedStep, CacheHit } from '../src/model/key.js';
import type { Plan } from '../src/model/plan.js';
import type { PlanInput } from '../src/plan/planner.js';
import { scratch } from './layer-support.js';
import { failure, imageOf, layerNamed, type Planning, planOf } from './planning-support.js';

const cached = (name: string): CacheHit => {
  const step: CachedStep = { layer: layerNamed(name), compressor: 'gzip', created: '2026-01-02T03:04:05.000Z' };
  return { step, by: 'memory' };
};

/** Answers for the steps whose `argv` or `destination` field says one of the words. */
function knowing(...words: readonly string[]): PlanInput['lookUp'] {
  return steps =>
    Promise.resolve(
      steps.map(({ record }) => {
        const text = `${record.fields.argv ?? ''}${record.fields.destination ?? ''}`;
        return words.some(word => text.includes(word)) ? cached(text) : undefined;
      }),
    );
}

function actions(plan: Plan): Record<number, readonly string[]> {
  return Object.fromEntries(plan.stages.map(({ stage, steps }) => [stage.index, steps.map(({ action }) => action)]));
}

function needed(plan: Plan): readonly number[] {
  return plan.stages.flatMap(({ stage, needed: is }) => (is ? [stage.index] : []));
}

describe('what a plan does', () => {
  it('looks up only steps that touch files, all of them at once and in order', async () => {
    const asked: (readonly string[])[] = [];
    const text = 'FROM x AS a\nENV A=1\nRUN one\nFROM y\nLABEL l=1\nCOPY --from=a /f /f\nRUN two\nWORKDIR /w\nCMD z\n';
    const plan = await planOf(text, {
      lookUp: steps => {
        asked.push(steps.map(({ record }) => record.kind));
        return Promise.resolve(steps.map(() => undefined));
      },
    });
    assert.deepEqual(asked, [['run', 'copy', 'run', 'workdir']]);
    assert.deepEqual(actions(plan), { 0: ['config', 'run'], 1: ['config', 'run', 'run', 'run', 'config'] });
  });

  it('reuses what a cache has, also above a step that it has not', async () => {
    const plan = await planOf('FROM x\nRUN one\nRUN two\nRUN three\n', { lookUp: knowing('one', 'three') });
    assert.deepEqual(actions(plan), { 0: ['reuse', 'run', 'reuse'] });
    const [first, second] = plan.stages[0]?.steps ?? [];
    assert.equal(first?.cachedBy, 'memory');
    assert.equal(first?.cached?.compressor, 'gzip');
    assert.equal(second?.cached, undefined);
  });

  it('keeps the words of steps as people see them', async () => {
    const text = 'FROM base AS app\nENV A=1\nRUN make \\\n  all $A\nCOPY --from=tools:1 /f /f\nFROM app\nrun x\n';
    const plan = await planOf(text, { images: { base: imageOf(['b'], { OnBuild: ['RUN hook'] }) } });
    const labels = plan.stages.map(({ steps }) => steps.map(({ step }) => step.label));
    assert.deepEqual(labels[0]?.[0], '[app 2/4] ONBUILD RUN hook');
    assert.deepEqual(labels[0]?.[1], '[app] ENV A=1');
    assert.match(labels[0]?.[2] ?? '', /^\[app 3\/4\] RUN make\s+all \$A$/);
    assert.deepEqual(labels[1], ['[stage-1 1/1] RUN x']);
  });

  it('ends with the config that the instructions add up to', async () => {
    const plan = await planOf('FROM base\nENV A=1\nCMD ["x"]\n', {
      images: { base: imageOf(['b'], { OnBuild: ['LABEL from=trigger'], User: 'me' }) },
    });
    const { config } = plan.stages[0]?.config ?? {};
    assert.deepEqual(config?.Env, ['PATH=/bin', 'A=1']);
    assert.deepEqual(config?.Labels, { from: 'trigger' });
    assert.equal(config?.User, 'me');
    // Triggers were for this build, not for the next.
    assert.equal(config?.OnBuild, undefined);
  });

  it('says with its line what is wrong in a step, or with the FROM that brought it', async () => {
    await assert.rejects(planOf('FROM x\nRUN a\nSTOPSIGNAL NOPE\n'), failure('E_VALUE_INVALID', '3:12'));
    await assert.rejects(planOf('FROM x\nUSER $' + '{A:?who}\n'), failure('E_VARIABLE_REQUIRED', '2:6'));
    for (const [trigger, code] of [
      ['COPY missing /', 'E_COPY_SOURCE_MISSING'],
      ['STOPSIGNAL NOPE', 'E_VALUE_INVALID'],
      ['COPY --from=9 /a /b', 'E_STAGE_UNKNOWN'],
    ] as const)
      await assert.rejects(
        planOf('FROM y\nFROM base\n', { images: { base: imageOf(['b'], { OnBuild: [trigger] }) }, dir: scratch() }),
        failure(code, '2:1'),
      );
  });
});

describe('what a plan needs', () => {
  const text = 'FROM x AS a\nRUN one\nFROM y AS b\nRUN two\nFROM b\nCOPY --from=a /f /from-a\nRUN three\n';
  const planned = (...words: readonly string[]): Promise<Plan> => planOf(text, { lookUp: knowing(...words) });

  it('is everything where nothing is known', async () => {
    assert.deepEqual(needed(await planned()), [0, 1, 2]);
  });

  it('is not a stage whose files were copied already', async () => {
    assert.deepEqual(needed(await planned('from-a')), [1, 2]);
    // What the stage itself would have to do does not matter then.
    assert.deepEqual(actions(await planned('from-a'))[0], ['run']);
  });

  it('is a stage that is copied from, even if every step of it is known', async () => {
    assert.deepEqual(needed(await planned('one')), [0, 1, 2]);
  });

  it('is the target and what it is based on, where everything is known', async () => {
    assert.deepEqual(needed(await planned('one', 'two', 'from-a', 'three')), [1, 2]);
  });

  it('does not go through a stage that is not needed', async () => {
    const chain = 'FROM x AS a\nRUN one\nFROM y AS b\nCOPY --from=a /f /from-a\nFROM z\nCOPY --from=b /f /from-b\n';
    const plan = (lookUp: PlanInput['lookUp']): Promise<Plan> => planOf(chain, { lookUp } satisfies Planning);
    assert.deepEqual(needed(await plan(knowing('from-b'))), [2]);
    assert.deepEqual(needed(await plan(knowing('from-a'))), [1, 2]);
    assert.deepEqual(needed(await plan(knowing())), [0, 1, 2]);
  });
});

// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape sequences are what is tested
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildEvent, BuildResult, StepResult } from '@varve/engine';
import { reportOf } from '../src/errors/report.js';
import { JsonRenderer } from '../src/progress/json.js';
import { PlainRenderer } from '../src/progress/plain.js';
import { QuietRenderer } from '../src/progress/quiet.js';
import type { Renderer } from '../src/progress/renderer.js';
import { BuildTally } from '../src/progress/tally.js';
import { paint } from '../src/terminal/colour.js';
import { assertGolden } from './golden.js';
import { badBuild, badBuildError, goodBuild, goodResult } from './recorded-build.js';
import { Recorder } from './recorder.js';

const kept = { ...goodResult, exports: [], keptAs: 'app:latest' } as BuildResult;
const source = ['FROM debian:12', 'COPY . /src', 'RUN make', 'CMD app', ''];

function show(renderer: Renderer, tally: BuildTally, events: readonly BuildEvent[]): void {
  for (const event of events) renderer.event(event, tally.observe(event));
}

function shown(create: (out: Recorder, tally: BuildTally) => Renderer, ending: 'good' | 'kept' | 'bad'): string {
  const out = new Recorder();
  const tally = new BuildTally();
  const renderer = create(out, tally);
  show(renderer, tally, ending === 'bad' ? badBuild : goodBuild);
  if (ending === 'bad') {
    const step = tally.failure;
    assert.ok(step !== undefined);
    const output = { label: step.label, lines: step.lastLines };
    renderer.failed({ ...reportOf(badBuildError(), { debug: false }), source, output });
  } else {
    renderer.succeeded(ending === 'kept' ? kept : goodResult);
  }
  return out.text;
}

const plain = (colours: boolean) => (out: Recorder, tally: BuildTally) => new PlainRenderer(out, paint(colours), tally);

test('plain: a build that succeeds', () => assertGolden('plain-good.txt', shown(plain(false), 'good')));
test('plain: an image that is kept in the store', () => assertGolden('plain-kept.txt', shown(plain(false), 'kept')));
test('plain: a build that fails', () => assertGolden('plain-bad.txt', shown(plain(false), 'bad')));
test('plain: with colours', () => assertGolden('plain-colours.txt', shown(plain(true), 'bad')));

test('plain: nothing but colours can reach a terminal', () => {
  assert.doesNotMatch(shown(plain(false), 'good'), /\x1b/);
  assert.doesNotMatch(shown(plain(true), 'good').replace(/\x1b\[[\d;]*m/g, ''), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

test('json: every event as it is, then the result', () => {
  const text = shown(out => new JsonRenderer(out), 'good');
  const lines = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as unknown);
  assert.deepEqual(lines.slice(0, -1), JSON.parse(JSON.stringify(goodBuild)));
  assert.deepEqual(lines.at(-1), {
    type: 'result',
    digest: goodResult.digest,
    exports: goodResult.exports,
    duration: 3701,
  });
});

test('json: the error is the last line', () => {
  const last =
    shown(out => new JsonRenderer(out), 'bad')
      .trimEnd()
      .split('\n')
      .at(-1) ?? '';
  assert.deepEqual(JSON.parse(last), {
    type: 'error',
    code: 'E_STEP_FAILED',
    message: 'RUN make ended with exit code 7',
    where: { file: 'Dockerfile', line: 3, column: 1, endLine: 3, endColumn: 9 },
    data: { exitCode: 7 },
    exitCode: 1,
  });
});

test('quiet: nothing, or the error', () => {
  const quiet = (out: Recorder) => new QuietRenderer(out, paint(false));
  assert.equal(shown(quiet, 'good'), '');
  assert.match(
    shown(quiet, 'bad'),
    /^error: RUN make ended with exit code 7 \[E_STEP_FAILED\]\n {2}last output of \[build 3\/4\] RUN make:\n/,
  );
});

test('a step whose start was never heard of still has its header', () => {
  const out = new Recorder();
  const tally = new BuildTally();
  const renderer = new PlainRenderer(out, paint(false), tally);
  show(renderer, tally, [
    {
      type: 'stepFinished',
      time: 5,
      stage: 0,
      step: 0,
      label: '[1/1] RUN a\nb',
      result: { kind: 'cached', by: 'lmdb' },
    },
  ]);
  assert.equal(out.text, '#1 [1/1] RUN a b\n#1 CACHED by lmdb\n');
});

test('output of stages that run at the same time keeps its numbers', () => {
  const out = new Recorder();
  const tally = new BuildTally();
  const renderer = new PlainRenderer(out, paint(false), tally);
  const say = (stage: number, text: string, time: number): BuildEvent => ({
    type: 'stepOutput',
    time,
    stage,
    step: 0,
    stream: 'stdout',
    text,
  });
  show(renderer, tally, [
    { type: 'stepStarted', time: 0, stage: 0, step: 0, label: '[a 1/1] RUN x' },
    { type: 'stepStarted', time: 0, stage: 1, step: 0, label: '[b 1/1] RUN y' },
    say(0, 'one ', 100),
    say(1, 'two\n', 200),
    say(0, 'line\n', 300),
  ]);
  assert.equal(out.text, '#1 [a 1/1] RUN x\n#2 [b 1/1] RUN y\n#2 0.200 two\n#1 0.300 one line\n');
});

const started = (stage: number, label: string, time = 0): BuildEvent => ({
  type: 'stepStarted',
  time,
  stage,
  step: 0,
  label,
});
const finished = (stage: number, label: string, result: StepResult, time = 1000): BuildEvent => ({
  type: 'stepFinished',
  time,
  stage,
  step: 0,
  label,
  result,
});

test('a step that another one stopped is not taken for the one that failed', () => {
  const out = new Recorder();
  const tally = new BuildTally();
  const error = { code: 'E_STEP_FAILED', message: 'the step ended with exit code 3' };
  show(new PlainRenderer(out, paint(false), tally), tally, [
    started(0, 'RUN x'),
    started(1, 'RUN y'),
    finished(1, 'RUN y', { kind: 'failed', error }),
    finished(0, 'RUN x', { kind: 'stopped' }, 1100),
  ]);
  assert.equal(tally.failure?.label, 'RUN y');
  assert.match(out.text, /^#2 ERROR 1\.0s the step ended with exit code 3\n#1 STOPPED 1\.1s\n/m);
});

test('a step that turns out to be cached is not said to be missed', () => {
  const out = new Recorder();
  const tally = new BuildTally();
  const label = 'COPY --from=a /x /';
  show(new PlainRenderer(out, paint(false), tally), tally, [
    { type: 'planned', time: 0, steps: [{ stage: 0, step: 0, label, action: 'run', missed: 'sources' }] },
    { type: 'stepStarted', time: 0, stage: 0, step: 0, label, action: 'reuse' },
    finished(0, label, { kind: 'cached', by: 'lmdb' }),
  ]);
  assert.doesNotMatch(out.text, /not cached/);
});

test('the same step of a second platform is another one', () => {
  const out = new Recorder();
  const tally = new BuildTally();
  const plan = (missed?: string): BuildEvent => ({
    type: 'planned',
    time: 0,
    steps: [{ stage: 0, step: 0, label: 'RUN x', action: 'run', ...(missed === undefined ? {} : { missed }) }],
  });
  show(new PlainRenderer(out, paint(false), tally), tally, [
    plan('argv'),
    started(0, 'RUN x'),
    finished(0, 'RUN x', { kind: 'ran' }),
    plan(),
    started(0, 'RUN x', 2000),
    finished(0, 'RUN x', { kind: 'ran' }, 2500),
  ]);
  assert.match(out.text, /#1 not cached: argv \(the command\) changed\n#1 DONE 1\.0s\n.*\n#2 RUN x\n#2 DONE 0\.5s\n$/);
  assert.deepEqual(tally.counts, { config: 0, cached: 0, ran: 2, failed: 0 });
  assert.equal(tally.planned, 2);
});

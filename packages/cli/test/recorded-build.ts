import type { BuildEvent, BuildResult, LayerSummary, PlannedStepSummary, StepExplanation } from '@varve/engine';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const layer = (letter: string, size: number): LayerSummary => ({
  digest: digest(letter),
  diffId: digest(letter),
  size,
});

const labels = [
  '[build 1/4] FROM docker.io/library/debian:12',
  '[build 2/4] COPY . /src',
  '[build 3/4] RUN make',
  '[build 4/4] CMD ["app"]',
];

const plannedSteps: readonly PlannedStepSummary[] = [
  { stage: 0, step: 0, label: labels[0] ?? '', action: 'config' },
  { stage: 0, step: 1, label: labels[1] ?? '', action: 'reuse', key: 'a'.repeat(64), cachedBy: 'lmdb' },
  { stage: 0, step: 2, label: labels[2] ?? '', action: 'run', key: 'b'.repeat(64), missed: 'command' },
  { stage: 0, step: 3, label: labels[3] ?? '', action: 'config' },
  { stage: 1, step: 0, label: '[unused 1/1] RUN true', action: 'skip' },
];

export { plannedSteps };

/** The same steps with what differs of those that are not cached. */
export const explainedSteps: readonly StepExplanation[] = [
  ...plannedSteps.slice(0, 2),
  {
    stage: 0,
    step: 2,
    label: labels[2] ?? '',
    action: 'run',
    differences: [
      { field: 'argv', before: '/bin/sh -c make', now: `/bin/sh -c make ${'all '.repeat(40)}` },
      { field: 'env', names: ['MODE', 'VERSION'] },
      { field: 'files' },
      { field: 'script', now: 'echo \u001b[31mred' },
    ],
  },
  { stage: 0, step: 3, label: labels[3] ?? '', action: 'run', differences: [] },
  { stage: 0, step: 4, label: '[5/5] RUN new', action: 'run' },
  { stage: 1, step: 0, label: '[unused 1/1] RUN true', action: 'skip' },
];

/** What both builds begin with: a pull, a cached COPY, and the output of a RUN with colours, controls and split lines. */
const beginning: readonly BuildEvent[] = [
  { type: 'buildStarted', time: 0, file: 'Dockerfile', platforms: ['linux/amd64'] },
  { type: 'providerChosen', time: 2, slot: 'snapshotter', id: 'full', named: true },
  { type: 'providerChosen', time: 3, slot: 'executor', id: 'namespaces', named: false },
  {
    type: 'warning',
    time: 4,
    code: 'JSONArgsRecommended',
    message: 'JSON arguments recommended for CMD',
    hint: 'write CMD ["app"]',
    where: { file: 'Dockerfile', line: 4, column: 1 },
  },
  {
    type: 'progress',
    time: 10,
    id: 'p1',
    activity: 'pull',
    what: 'docker.io/library/debian:12',
    current: 0,
    total: 30e6,
  },
  {
    type: 'progress',
    time: 500,
    id: 'p1',
    activity: 'pull',
    what: 'docker.io/library/debian:12',
    current: 5e6,
    total: 30e6,
  },
  {
    type: 'progress',
    time: 1200,
    id: 'p1',
    activity: 'pull',
    what: 'docker.io/library/debian:12',
    current: 12.3e6,
    total: 30e6,
  },
  {
    type: 'progress',
    time: 2000,
    id: 'p1',
    activity: 'pull',
    what: 'docker.io/library/debian:12',
    current: 30e6,
    total: 30e6,
    done: true,
  },
  { type: 'planned', time: 2010, steps: plannedSteps },
  { type: 'stepStarted', time: 2011, stage: 0, step: 0, label: labels[0] ?? '' },
  { type: 'stepFinished', time: 2012, stage: 0, step: 0, label: labels[0] ?? '', result: { kind: 'config' } },
  {
    type: 'stepFinished',
    time: 2015,
    stage: 0,
    step: 1,
    label: labels[1] ?? '',
    result: { kind: 'cached', by: 'lmdb', layer: layer('1', 1234) },
  },
  { type: 'stepStarted', time: 2020, stage: 0, step: 2, label: labels[2] ?? '' },
  { type: 'stepOutput', time: 2120, stage: 0, step: 2, stream: 'stdout', text: 'cc -c a.c\ncc -c ' },
  { type: 'stepOutput', time: 2320, stage: 0, step: 2, stream: 'stdout', text: 'b.c\n\x1b[31mwarn' },
  {
    type: 'stepOutput',
    time: 2330,
    stage: 0,
    step: 2,
    stream: 'stderr',
    text: 'ing\x1b[0m: unused\x1b[2J\x1b]0;title\x07\n10%\r50%\r100%\n',
  },
];

/** A build that succeeds. */
export const goodBuild: readonly BuildEvent[] = [
  ...beginning,
  { type: 'stepOutput', time: 3000, stage: 0, step: 2, stream: 'stdout', text: 'done without a line end' },
  {
    type: 'stepFinished',
    time: 3520,
    stage: 0,
    step: 2,
    label: labels[2] ?? '',
    result: { kind: 'ran', layer: layer('2', 4.2e6) },
  },
  { type: 'stepStarted', time: 3521, stage: 0, step: 3, label: labels[3] ?? '' },
  { type: 'stepFinished', time: 3521, stage: 0, step: 3, label: labels[3] ?? '', result: { kind: 'config' } },
  {
    type: 'imageBuilt',
    time: 3600,
    platform: 'linux/amd64',
    manifest: digest('c'),
    config: digest('d'),
    layers: [layer('0', 30e6), layer('1', 1234), layer('2', 4.2e6)],
  },
  { type: 'exported', time: 3700, exporter: 'oci', target: '/out/app.tar', digest: digest('c') },
  { type: 'buildFinished', time: 3701, ok: true },
];

const failure = {
  code: 'E_STEP_FAILED',
  message: 'RUN make ended with exit code 7',
  where: { file: 'Dockerfile', line: 3, column: 1, endLine: 3, endColumn: 9 },
  data: { exitCode: 7 },
} as const;

/** A build whose RUN fails. */
export const badBuild: readonly BuildEvent[] = [
  ...beginning,
  { type: 'stepOutput', time: 3000, stage: 0, step: 2, stream: 'stderr', text: 'make: *** no rule for all\n' },
  {
    type: 'stepFinished',
    time: 3020,
    stage: 0,
    step: 2,
    label: labels[2] ?? '',
    result: { kind: 'failed', error: failure },
  },
  { type: 'buildFinished', time: 3021, ok: false, error: failure },
];

/** The error that {@link badBuild} ends with, as the engine throws it. */
export function badBuildError(): Error {
  return Object.assign(new Error(failure.message), failure);
}

/** The part of a result that the command line reads. */
export const goodResult = {
  digest: digest('c'),
  exports: [{ exporter: 'oci', target: '/out/app.tar', digest: digest('c') }],
  duration: 3701,
} as unknown as BuildResult;

import type { BenchedStrategy, DiffCase, Disagreement, SnapshotBench, SnapshotBenchOptions } from '@varve/engine';
import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { CliError } from '../errors/cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, isOn, listOf, textOf } from '../flags/flag-spec.js';
import { benchSnapshotFlags } from '../flags/other-flags.js';
import { Problems } from '../options/problems.js';
import { parsePlugin, parseProvider } from '../options/provider.js';
import { registrySettings } from '../options/registries.js';
import { showSize } from '../show/size.js';
import { showTable } from '../show/table.js';
import { type Paint, paint, wantsColour } from '../terminal/colour.js';
import { oneLine } from '../terminal/sanitize.js';
import { requireCertificateFiles } from './certificate-files.js';
import { watchInterruption } from './interrupt.js';
import { settle } from './settings.js';

/** `varve bench snapshot`: the report goes to standard output, what is being done to standard error. Resolves with the exit code. */
export async function benchSnapshotCommand(given: FlagValues): Promise<number> {
  const { flags, store, surroundings } = await settle(given, benchSnapshotFlags);
  const problems = new Problems();
  const registries = registrySettings(flags, surroundings.cwd, problems);
  const plugins = problems.attemptAll('--plugin', listOf(flags, 'plugin'), parsePlugin);
  const named = textOf(flags, 'executor');
  const executor = named === undefined ? undefined : problems.attempt('--executor', named, parseProvider);
  const subject = subjectOf(flags);
  problems.throwIfAny();
  await requireCertificateFiles(registries);
  const benchSnapshots = await fromEngine('benchSnapshots');
  const interruption = watchInterruption(() => undefined);
  const run = textOf(flags, 'run');
  const strategies = textOf(flags, 'strategies')?.split(',');
  try {
    const bench = await benchSnapshots({
      ...{ store, cwd: surroundings.cwd, env: surroundings.env, subject, registries, plugins },
      ...(run === undefined ? {} : { run }),
      ...(strategies === undefined ? {} : { strategies }),
      ...(executor === undefined ? {} : { executor }),
      bundled: bundledPlugins(),
      signal: interruption.signal,
      progress: what => void process.stderr.write(`${what} …\n`),
    });
    const colours = paint(wantsColour(process.stdout, process.env));
    const json = isOn(flags, 'json');
    process.stdout.write(json ? `${JSON.stringify(bench, undefined, 2)}\n` : benchText(bench, colours));
    return bench.strategies.some(({ unusable }) => unusable === undefined) ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    if (interruption.by === undefined) throw error;
    return exitCodes.interrupted(interruption.by);
  } finally {
    interruption[Symbol.dispose]();
  }
}

function subjectOf(flags: FlagValues): SnapshotBenchOptions['subject'] {
  const [image, rootfs, platform] = [textOf(flags, 'image'), textOf(flags, 'rootfs'), textOf(flags, 'platform')];
  if (image !== undefined && rootfs === undefined) return { image, ...(platform === undefined ? {} : { platform }) };
  if (rootfs !== undefined && image === undefined) return { rootfs };
  const fault = image === undefined ? 'there is nothing to measure on' : '--image and --rootfs exclude each other';
  throw new CliError('E_BAD_FLAGS', fault, { hint: 'name an image with --image, or a folder with --rootfs' });
}

const caseNames: Readonly<Record<DiffCase, string>> = {
  nothing: 'nothing',
  few: 'a few files',
  many: 'a tenth of all files',
  hidden: 'edits that keep size and mtime',
  run: 'the command',
};

/** The report as a person reads it. */
function benchText(bench: SnapshotBench, colours: Paint): string {
  const { subject, unpacking, strategies, disagreements, advice } = bench;
  const usable = strategies.filter(({ unusable }) => unusable === undefined);
  const size = `${subject.entries} entries, ${showSize(subject.bytes)}, roots on ${subject.fileSystem}`;
  return [
    `${colours.bold(oneLine(subject.name))}: ${size}\n`,
    `${colours.bold('Before the first RUN')} (unpacking alone takes ${time(unpacking)})\n${baselineTable(usable)}`,
    `${colours.bold('Finding what a RUN changed')}\n${diffTable(usable)}`,
    ...strategies.flatMap(({ id, unusable }) =>
      unusable === undefined ? [] : [`${colours.red('not tried:')} ${id}: ${unusable}\n`],
    ),
    ...(disagreements.length === 0 ? [] : [disagreementText(disagreements, colours)]),
    `${colours.bold('Advice')}\n${advice.map(line => `  ${line}\n`).join('')}`,
  ].join('\n');
}

function baselineTable(strategies: readonly BenchedStrategy[]): string {
  return showTable(
    [
      { title: '  strategy' },
      { title: '' },
      { title: 'ready after', align: 'right' },
      { title: 'of it baseline', align: 'right' },
      { title: 'peak memory', align: 'right' },
    ],
    strategies.map(({ id, fidelity, ready, baseline, peakMemory }) => [
      `  ${id}`,
      fidelity,
      time(ready),
      time(baseline),
      showSize(peakMemory),
    ]),
  );
}

function diffTable(strategies: readonly BenchedStrategy[]): string {
  const rows = strategies.flatMap(({ id, diffs }) =>
    diffs.map(({ what, files, prepare, find, bytesRead, found }) => [
      `  ${id}`,
      files === undefined || files === 0 ? caseNames[what] : `${caseNames[what]} (${files})`,
      time(prepare),
      time(find),
      showSize(bytesRead),
      String(found),
    ]),
  );
  const titles = ['before', 'after', 'read', 'changes found'];
  const right = titles.map(title => ({ title, align: 'right' as const }));
  return showTable([{ title: '  strategy' }, { title: 'what changed' }, ...right], rows);
}

function disagreementText(disagreements: readonly Disagreement[], colours: Paint): string {
  const lines = disagreements.flatMap(({ what, between: [a, b], counts: [here, there], examples }) => [
    `  ${caseNames[what]}: ${a} tells of ${here} changes, ${b} of ${there}`,
    ...examples.map(example => `    ${oneLine(example)}`),
  ]);
  return `${colours.bold('Disagreements')}\n${lines.join('\n')}\n`;
}

/** Milliseconds with as many digits as mean something. */
function time(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

import type { DoctorProvider, DoctorReport, Verdict } from '@varve/engine';
import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, isOn, listOf, textOf } from '../flags/flag-spec.js';
import { doctorFlags } from '../flags/other-flags.js';
import { wrapText } from '../help/layout.js';
import { Problems } from '../options/problems.js';
import { parsePlugin, parseProvider } from '../options/provider.js';
import { type Paint, paint, wantsColour } from '../terminal/colour.js';
import { settle } from './settings.js';

/** `varve doctor`: the report goes to standard output. Resolves with the exit code. */
export async function doctorCommand(given: FlagValues): Promise<number> {
  const { flags, store, surroundings } = await settle(given, doctorFlags);
  const problems = new Problems();
  const plugins = problems.attemptAll('--plugin', listOf(flags, 'plugin'), parsePlugin);
  const choice = (name: string) => {
    const value = textOf(flags, name);
    return value === undefined ? undefined : problems.attempt(`--${name}`, value, parseProvider);
  };
  const snapshotter = choice('snapshot');
  const executor = choice('executor');
  problems.throwIfAny();
  const doctor = await fromEngine('doctor');
  const report = await doctor({
    store,
    env: surroundings.env,
    cwd: surroundings.cwd,
    plugins,
    bundled: bundledPlugins(),
    ...(snapshotter === undefined ? {} : { snapshotter }),
    ...(executor === undefined ? {} : { executor }),
  });
  const colours = paint(wantsColour(process.stdout, process.env));
  process.stdout.write(isOn(flags, 'json') ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report, colours));
  return report.chosen === undefined ? exitCodes.failed : exitCodes.done;
}

/** The report as a person reads it. */
function reportText(report: DoctorReport, colours: Paint): string {
  const blocks = [
    systemLines(report, colours),
    ladderLines(report, colours),
    chosenLines(report, colours),
    ...slotBlocks(report, colours),
  ];
  return `${blocks.map(lines => lines.join('\n')).join('\n\n')}\n`;
}

function systemLines({ system }: DoctorReport, colours: Paint): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['node', system.node],
    ['platform', system.platform],
    ['kernel', system.kernel],
    ['user', system.user],
    ['store', `${system.store} (${system.storeFileSystem})`],
  ];
  return [colours.bold('This machine'), ...rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`)];
}

/** The rungs down to the one that is used, and what each better one lacks; without one, all that there are. */
function ladderLines({ ladder }: DoctorReport, colours: Paint): readonly string[] {
  const last = ladder.findIndex(({ chosen }) => chosen);
  const shown = last < 0 ? ladder : ladder.slice(0, last + 1);
  const lines = shown.flatMap(({ rung, title, verdict, chosen }) => {
    const mark = chosen ? colours.green('->') : verdict.usable ? colours.green('ok') : '  ';
    return [`  ${mark} ${rung}  ${title}`, ...verdictLines(verdict, colours).map(line => `${' '.repeat(8)}${line}`)];
  });
  return [colours.bold('Privilege (1 is the best)'), ...lines];
}

/** Slots whose providers differ in what they can do; of the others only what does not work is worth a line. */
const choices = ['snapshotter', 'executor', 'compressor', 'cache'];

function slotBlocks({ providers }: DoctorReport, colours: Paint): readonly (readonly string[])[] {
  const width = Math.max(0, ...providers.map(provider => provider.id.length));
  return [...new Set(providers.map(provider => provider.slot))].sort(bySlot).map(slot => {
    const all = providers.filter(provider => provider.slot === slot);
    const plain = choices.includes(slot) ? [] : all.filter(isPlain);
    const lines = all
      .filter(provider => !plain.includes(provider))
      .flatMap(each => providerLines(each, width, colours));
    const names = plain.length === 0 ? [] : wrapText(plain.map(provider => provider.id).join(', '), 80, 6);
    const works = names.map((line, index) => (index === 0 ? `  ${colours.green('yes')} ${line.trimStart()}` : line));
    return [colours.bold(slot), ...works, ...lines];
  });
}

function bySlot(a: string, b: string): number {
  const rank = (slot: string): number => (choices.includes(slot) ? choices.indexOf(slot) : choices.length);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function isPlain({ verdict }: DoctorProvider): boolean {
  return verdict.usable && (verdict.notes ?? []).length === 0;
}

function providerLines(
  { id, summary, plugin, verdict }: DoctorProvider,
  width: number,
  colours: Paint,
): readonly string[] {
  const mark = verdict.usable ? colours.green('yes') : colours.red('no ');
  const indent = ' '.repeat(width + 8);
  return [
    `  ${mark} ${id.padEnd(width)}  ${summary} ${colours.dim(`(${plugin})`)}`,
    ...verdictLines(verdict, colours).map(line => `${indent}${line}`),
  ];
}

function verdictLines(verdict: Verdict, colours: Paint): readonly string[] {
  if (verdict.usable) return (verdict.notes ?? []).map(note => `${colours.yellow('note:')} ${note}`);
  const why = `${colours.red('because')} ${verdict.reason}`;
  return verdict.hint === undefined ? [why] : [why, `${colours.cyan('hint:')} ${verdict.hint}`];
}

function chosenLines({ chosen, refusals }: DoctorReport, colours: Paint): readonly string[] {
  const title = colours.bold('RUN steps');
  const choice =
    chosen === undefined
      ? `  ${colours.red('cannot be run here')}`
      : `  snapshotter ${colours.green(chosen.snapshotter)} with executor ${colours.green(chosen.executor)}`;
  const passed = refusals.flatMap(({ snapshotter, executor, reason, hint }) => [
    `  not ${snapshotter} with ${executor}: ${reason}`,
    ...(hint === undefined ? [] : [`      ${colours.cyan('hint:')} ${hint}`]),
  ]);
  return [title, choice, ...passed];
}

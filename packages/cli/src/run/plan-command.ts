import type { PlannedStepSummary } from '@varve/engine';
import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { exitCodes } from '../exit-codes.js';
import { planFlags } from '../flags/build-flags.js';
import { type FlagValues, isOn } from '../flags/flag-spec.js';
import { buildCall } from '../options/build-options.js';
import { planText } from '../progress/plain.js';
import { splitLabel } from '../progress/step-labels.js';
import { warningLines } from '../progress/warning.js';
import { showTable } from '../show/table.js';
import { paint, wantsColour } from '../terminal/colour.js';
import { oneLine } from '../terminal/sanitize.js';
import { requireCertificateFiles } from './certificate-files.js';
import { watchInterruption } from './interrupt.js';
import { settle } from './settings.js';

/** `varve plan`: the plan goes to standard output, warnings to standard error. Resolves with the exit code. */
export async function planCommand(given: FlagValues, context: string): Promise<number> {
  const { flags, store, surroundings } = await settle(given, planFlags, context);
  const call = buildCall(flags, context, surroundings);
  await requireCertificateFiles(call.options.registries ?? {});
  const planBuild = await fromEngine('planBuild');
  const interruption = watchInterruption(() => undefined);
  const colours = paint(wantsColour(process.stderr, process.env));
  try {
    const { steps } = await planBuild(
      { ...call.options, store, bundled: bundledPlugins() },
      {
        signal: interruption.signal,
        onEvent: event => {
          if (event.type === 'warning') process.stderr.write(`${warningLines(event, colours).join('\n')}\n`);
        },
      },
    );
    process.stdout.write(isOn(flags, 'json') ? `${JSON.stringify({ steps }, undefined, 2)}\n` : planTable(steps));
    return exitCodes.done;
  } catch (error) {
    if (interruption.by === undefined) throw error;
    return exitCodes.interrupted(interruption.by);
  } finally {
    interruption[Symbol.dispose]();
  }
}

/** The plan as a table with a line that counts. */
export function planTable(steps: readonly PlannedStepSummary[]): string {
  const rows = steps.map(step => {
    const { place, text } = splitLabel(oneLine(step.label));
    return [place, actionText(step), step.key?.slice(0, 12) ?? '', text];
  });
  const columns = [{ title: 'STEP' }, { title: 'WHAT' }, { title: 'KEY' }, { title: 'INSTRUCTION' }];
  return `${showTable(columns, rows)}\n${planText(steps)}\n`;
}

function actionText({ action, cachedBy, missed }: PlannedStepSummary): string {
  switch (action) {
    case 'reuse':
      return cachedBy === undefined ? 'cached' : `cached by ${oneLine(cachedBy)}`;
    case 'run':
      return missed === undefined ? 'run' : `run: ${oneLine(missed)} differs`;
    case 'config':
      return 'no files';
    case 'skip':
      return 'not needed';
  }
}

import type { PlannedStepSummary } from '@varve/engine';
import { fromEngine } from '../engine.js';
import { type FlagValues, isOn } from '../flags/flag-spec.js';
import { planText } from '../progress/plain.js';
import { splitLabel } from '../progress/step-labels.js';
import { showTable } from '../show/table.js';
import { oneLine } from '../terminal/sanitize.js';
import { plannedCall } from './planned-call.js';

/** `varve plan`: the plan goes to standard output, warnings to standard error. Resolves with the exit code. */
export async function planCommand(given: FlagValues, context: string): Promise<number> {
  const planBuild = await fromEngine('planBuild');
  return plannedCall(given, context, planBuild, ({ steps }, flags) =>
    isOn(flags, 'json') ? `${JSON.stringify({ steps }, undefined, 2)}\n` : planTable(steps),
  );
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

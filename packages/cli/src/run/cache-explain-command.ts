import type { FieldDifference, StepExplanation } from '@varve/engine';
import { fromEngine } from '../engine.js';
import { type FlagValues, isOn } from '../flags/flag-spec.js';
import { keyFieldMeanings } from '../show/key-fields.js';
import { oneLine } from '../terminal/sanitize.js';
import { plannedCall } from './planned-call.js';

/** `varve cache explain`: why each step would be cached or not. Resolves with the exit code. */
export async function cacheExplainCommand(given: FlagValues, context: string): Promise<number> {
  const explainBuild = await fromEngine('explainBuild');
  return plannedCall(given, context, explainBuild, (steps, flags) =>
    isOn(flags, 'json') ? `${JSON.stringify({ steps }, undefined, 2)}\n` : explanationText(steps),
  );
}

/** Longest value that is shown whole. */
const mostShown = 120;

/** Every step with what becomes of it, and under those that miss what differs. */
function explanationText(steps: readonly StepExplanation[]): string {
  const lines = steps.flatMap(step => [oneLine(step.label), ...reasons(step).map(line => `    ${line}`)]);
  return `${lines.join('\n')}${lines.length === 0 ? '' : '\n'}`;
}

function reasons({ action, cachedBy, differences }: StepExplanation): readonly string[] {
  switch (action) {
    case 'reuse':
      return [`cached by ${oneLine(cachedBy ?? '')}`];
    case 'config':
      return ['changes no files: nothing to cache'];
    case 'skip':
      return ['not needed'];
    case 'run':
      if (differences === undefined) return ['not cached: never seen at this place of this Dockerfile'];
      if (differences.length === 0) return ['not cached: it was, and is gone: pruned, or damaged'];
      return ['not cached; since it was last seen:', ...differences.flatMap(differenceLines)];
  }
}

function differenceLines({ field, names, before, now }: FieldDifference): readonly string[] {
  const meaning = keyFieldMeanings[field];
  const head = `  ${field} differs${meaning === undefined ? '' : ` (${meaning})`}`;
  if (names !== undefined) return [names.length === 0 ? head : `${head}: ${names.map(oneLine).join(', ')}`];
  if (before === undefined && now === undefined) return [head];
  return [head, `    was ${shown(before)}`, `    is  ${shown(now)}`];
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'nothing';
  const line = oneLine(value);
  return line.length > mostShown ? `${line.slice(0, mostShown)}…` : line;
}

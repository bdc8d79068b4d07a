import { boolean, string } from '@oclif/core/flags';
import type { FlagSpec, FlagValues } from './flag-spec.js';

/** Flags as oclif wants them: text as it was given, one value for each use of a flag. Meaning is given to it in `options/`. */
export function toOclifFlags(specs: readonly FlagSpec[]) {
  return Object.fromEntries(specs.map(spec => [spec.name, toOclifFlag(spec)]));
}

function toOclifFlag(spec: FlagSpec) {
  const shown = {
    summary: spec.summary,
    helpGroup: spec.group,
    ...(spec.char === undefined ? {} : { char: spec.char as 'a' }),
  };
  if (spec.kind === 'switch') return boolean(shown);
  const value = { ...shown, helpValue: spec.placeholder ?? 'VALUE' };
  return spec.kind === 'list' || spec.lastCounts
    ? string({ ...value, multiple: true, multipleNonGreedy: true })
    : string(value);
}

/** Of a flag that was given several times, and of which the last counts, the last. */
export function lastOnes(flags: FlagValues, specs: readonly FlagSpec[]): FlagValues {
  const repeated = specs.filter(({ lastCounts }) => lastCounts).map(({ name }) => [name, flags[name]] as const);
  const lasts = repeated.flatMap(([name, value]) => (Array.isArray(value) ? [[name, value.at(-1)] as const] : []));
  return { ...flags, ...Object.fromEntries(lasts) };
}

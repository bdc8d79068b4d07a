import { boolean, string } from '@oclif/core/flags';
import type { FlagSpec } from './flag-spec.js';

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
  return spec.kind === 'list' ? string({ ...value, multiple: true, multipleNonGreedy: true }) : string(value);
}

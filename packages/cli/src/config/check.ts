import { CliError } from '../errors/cli-error.js';
import { buildFlags } from '../flags/build-flags.js';
import type { FlagSpec, FlagValues } from '../flags/flag-spec.js';
import { didYouMean } from '../show/nearest.js';

/** Flags that a configuration file may give: those of `varve build`, but itself. */
const allowed: readonly FlagSpec[] = buildFlags.filter(flag => flag.name !== 'config');

/**
 * What a configuration file says, as values of flags: its keys are the names of flags without dashes. Errors: `E_CONFIG_FILE` with
 * everything that does not fit.
 */
export function checkConfig(content: unknown, file: string): FlagValues {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new CliError('E_CONFIG_FILE', `${file}: it must hold an object whose keys are names of flags`);
  }
  const problems: string[] = [];
  const values: Record<string, string | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(content)) {
    const spec = allowed.find(flag => flag.name === name);
    if (spec === undefined) {
      const near = didYouMean(
        name,
        allowed.map(flag => flag.name),
      );
      problems.push(`${name}: there is no such flag${near === undefined ? '' : `; ${near}`}`);
      continue;
    }
    const checked = valueFor(spec, value);
    if (checked === undefined) problems.push(`${name}: ${expectation(spec)}`);
    else values[name] = checked;
  }
  if (problems.length > 0) throw new CliError('E_CONFIG_FILE', `${file} does not fit`, { problems });
  return values;
}

function valueFor(spec: FlagSpec, value: unknown): string | boolean | readonly string[] | undefined {
  switch (spec.kind) {
    case 'switch':
      return typeof value === 'boolean' ? value : undefined;
    case 'value':
      return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
    case 'list':
      if (typeof value === 'string') return [value];
      return Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined;
  }
}

function expectation(spec: FlagSpec): string {
  if (spec.kind === 'switch') return 'it is true or false';
  return spec.kind === 'list' ? 'it is a text or a list of texts' : 'it is a text';
}

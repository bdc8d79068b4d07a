import { CliError } from '../errors/cli-error.js';
import type { FlagSpec } from './flag-spec.js';

/** What is left of a command line once `--switch=true` and `--switch=false` are taken out of it. */
export interface SwitchValues {
  readonly argv: readonly string[];
  readonly values: Readonly<Record<string, boolean>>;
}

const truths: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falsehoods: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/**
 * Reads `--push=true` and `--push=false`, which people know from Docker and which oclif would take for a flag and an argument. What Go
 * takes for a truth value (strconv.ParseBool) is one here.
 * Errors: `E_BAD_FLAGS` for any other value.
 */
export function takeSwitchValues(argv: readonly string[], specs: readonly FlagSpec[]): SwitchValues {
  const switches = new Set(specs.filter(spec => spec.kind === 'switch').map(spec => spec.name));
  const values: Record<string, boolean> = {};
  const kept: string[] = [];
  let ended = false;
  for (const argument of argv) {
    ended ||= argument === '--';
    const match = ended ? null : /^--([a-z-]+)=(.*)$/s.exec(argument);
    const name = match?.[1];
    if (name === undefined || !switches.has(name)) {
      kept.push(argument);
      continue;
    }
    const value = match?.[2] ?? '';
    const on = truthOf(value);
    if (on === undefined) {
      throw new CliError('E_BAD_FLAGS', `--${name}=${value}: a switch is true or false`, { hint: `write --${name}` });
    }
    values[name] = on;
  }
  return { argv: kept, values };
}

/** What Go takes for true or for false (strconv.ParseBool); undefined for anything else. */
export function truthOf(value: string): boolean | undefined {
  return truths.has(value) ? true : falsehoods.has(value) ? false : undefined;
}

import { CliError } from '../errors/cli-error.js';

/** Gathers what is wrong with the values of flags, so that all of it is said at once. */
export class Problems {
  readonly #lines: string[] = [];

  /** Notes what is wrong with a flag (its name with dashes); `value` as it was given, where that says more. */
  add(flag: string, problem: string, value?: string): void {
    this.#lines.push(`${value === undefined ? flag : `${flag} ${quoted(value)}`}: ${problem}`);
  }

  /** Runs a parser for one value; what it throws as {@link BadValue} is noted and gives undefined. */
  attempt<T>(flag: string, value: string, parse: (value: string) => T): T | undefined {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      this.add(flag, error.message, value);
      return undefined;
    }
  }

  /** The parsed values of a repeatable flag without those that could not be parsed. */
  attemptAll<T>(flag: string, values: readonly string[], parse: (value: string) => T): T[] {
    return values.flatMap(value => {
      const parsed = this.attempt(flag, value, parse);
      return parsed === undefined ? [] : [parsed];
    });
  }

  /** Errors: `E_BAD_FLAGS` with every problem noted so far, if there is one. */
  throwIfAny(): void {
    const [first, ...more] = this.#lines;
    if (first === undefined) return;
    if (more.length === 0) throw new CliError('E_BAD_FLAGS', first);
    throw new CliError('E_BAD_FLAGS', `${this.#lines.length} flags have values that do not fit`, {
      problems: this.#lines,
    });
  }
}

/** Thrown by the parsers of flag values and caught by {@link Problems}; never leaves this folder. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
}

/** A value as a person would quote it in a message; values of secrets are never passed here. */
function quoted(value: string): string {
  return value === '' ? '""' : value.length > 80 ? `${value.slice(0, 79)}…` : value;
}

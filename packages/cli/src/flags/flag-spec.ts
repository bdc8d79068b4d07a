/** The headings under which `--help` and docs/cli.md list flags, in this order. */
export const flagGroups = [
  'What to build',
  'What to compare',
  'What to copy',
  'What comes out',
  'Cache',
  'How steps run',
  'Credentials',
  'Registries',
  'This machine',
  'What is shown',
] as const;
export type FlagGroup = (typeof flagGroups)[number];

/** One flag as data: what parses it, what `--help` says and what a configuration file may give all come from here. */
export interface FlagSpec {
  /** Without the dashes. */
  readonly name: string;
  readonly char?: string;
  /** `switch` takes no value, `value` one, `list` may be repeated with one value each. */
  readonly kind: 'switch' | 'value' | 'list';
  /** Of a `value` that is given twice the last counts, as with Go's programs; else it is a mistake. */
  readonly lastCounts?: true;
  /** What stands for its value in `--help`. */
  readonly placeholder?: string;
  readonly group: FlagGroup;
  /** One sentence without a full stop. */
  readonly summary: string;
}

/** What the flags of a call were given, by name; also what a configuration file says. */
export type FlagValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** The value of a `value` flag. */
export function textOf(flags: FlagValues, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of a `list` flag, in order. */
export function listOf(flags: FlagValues, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value : [];
}

/** Whether a `switch` is on. */
export function isOn(flags: FlagValues, name: string): boolean {
  return flags[name] === true;
}

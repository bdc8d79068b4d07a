import { resolve } from 'node:path';
import { defaultStoreDir } from '@varve/engine/ahead';
import { loadConfig } from '../config/load.js';
import type { FlagSpec, FlagValues } from '../flags/flag-spec.js';
import { textOf } from '../flags/flag-spec.js';
import type { Surroundings } from '../options/build-options.js';

/** A call's flags with the defaults of the configuration file, and what surrounds it. */
export interface Settings {
  readonly flags: FlagValues;
  readonly surroundings: Surroundings;
  /** Absolute. */
  readonly store: string;
}

/**
 * Completes the flags of a call from the configuration file. `context` is the folder that is being built, if one is: nothing is ever
 * read from there. Errors: `E_CONFIG_FILE`.
 */
export async function settle(given: FlagValues, specs: readonly FlagSpec[], context?: string): Promise<Settings> {
  const cwd = process.cwd();
  const { env } = process;
  const defaults = await loadConfig({ file: textOf(given, 'config'), env, cwd, context });
  const known = new Set(specs.map(spec => spec.name));
  const fitting = Object.fromEntries(Object.entries(defaults).filter(([name]) => known.has(name)));
  const flags: FlagValues = { ...fitting, ...given };
  const named = textOf(flags, 'store');
  const store = named === undefined ? defaultStoreDir(env, cwd) : resolve(cwd, named);
  return { flags, store, surroundings: { env, cwd, defaultStore: store } };
}

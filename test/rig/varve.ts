import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from './repository.js';
import { type Outcome, type RunOptions, run } from './run.js';

/** The committed bin file of the command line. */
export const varveBin = inRepository('packages/cli/bin/varve.js');

/** One line of `--progress json`. */
export type VarveEvent = Readonly<Record<string, unknown>>;

/** How a call of varve ended; `events` are the JSON lines of standard error when `--progress json` was given. */
export interface VarveOutcome extends Outcome {
  readonly events: readonly VarveEvent[];
}

/** A varve with a store of its own. */
export interface Varve {
  readonly store: string;
  (args: readonly string[], options?: RunOptions): Promise<VarveOutcome>;
}

/** The environment that varve gets: this process's without what would change where it stores or how it colours. */
export function varveEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const {
    VARVE_STORE: _store,
    FORCE_COLOR: _colour,
    NODE_TEST_CONTEXT: _test,
    NODE_OPTIONS: _options,
    NODE_EXTRA_CA_CERTS: _authorities,
    ...env
  } = process.env;
  return { ...env, NO_COLOR: '1', ...extra };
}

/** Throws where the bin file would run other code than was compiled last. */
function checkBundled(): void {
  const bundle = inRepository('packages/cli/dist/bundle/varve.js');
  const bundled = existsSync(bundle) ? statSync(bundle).mtimeMs : 0;
  const compiled = readdirSync(inRepository('packages'))
    .map(name => inRepository('packages', name, 'dist/src'))
    .filter(existsSync)
    .flatMap(folder => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)))
    .filter(path => path.endsWith('.js') && statSync(path).mtimeMs > bundled);
  if (compiled.length > 0) throw new Error(`the bundle is older than ${compiled[0]}: run npm run build`);
}

checkBundled();

/** A runner of `varve … --store STORE`. */
export function varveWith(store: string): Varve {
  const call = async (args: readonly string[], options: RunOptions = {}): Promise<VarveOutcome> => {
    const outcome = await run(process.execPath, [varveBin, ...args, '--store', store], {
      ...options,
      env: varveEnvironment(options.env),
    });
    return { ...outcome, events: jsonLines(outcome.stderr) };
  };
  return Object.assign(call, { store });
}

/** All a failed call wrote, for the message of an assertion. */
export function transcript(outcome: Outcome): string {
  return `exit ${outcome.code ?? outcome.signal}\n--- stdout\n${outcome.stdout}\n--- stderr\n${outcome.stderr}`;
}

function jsonLines(text: string): VarveEvent[] {
  return text.split('\n').flatMap(line => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as VarveEvent];
    } catch {
      return [];
    }
  });
}

import type { BuildOptions, RunControl } from '@varve/engine';
import { bundledPlugins } from '../bundled-plugins.js';
import { exitCodes } from '../exit-codes.js';
import { planFlags } from '../flags/build-flags.js';
import type { FlagValues } from '../flags/flag-spec.js';
import { buildCall } from '../options/build-options.js';
import { warningLines } from '../progress/warning.js';
import { paint, wantsColour } from '../terminal/colour.js';
import { watchInterruption } from './interrupt.js';
import { settle } from './settings.js';

/** Runs a call that looks ahead of a build: warnings go to standard error. Resolves with the exit code. `show` gets the settled flags. */
export async function plannedCall<T>(
  given: FlagValues,
  context: string,
  look: (options: BuildOptions, run: RunControl) => Promise<T>,
  show: (result: T, flags: FlagValues) => string,
): Promise<number> {
  const { flags, store, surroundings } = await settle(given, planFlags, context);
  const call = buildCall(flags, context, surroundings);
  const interruption = watchInterruption(() => undefined);
  const colours = paint(wantsColour(process.stderr, process.env));
  try {
    const result = await look(
      { ...call.options, store, bundled: bundledPlugins() },
      {
        signal: interruption.signal,
        onEvent: event => {
          if (event.type === 'warning') process.stderr.write(`${warningLines(event, colours).join('\n')}\n`);
        },
      },
    );
    process.stdout.write(show(result, flags));
    return exitCodes.done;
  } catch (error) {
    if (interruption.by === undefined) throw error;
    return exitCodes.interrupted(interruption.by);
  } finally {
    interruption[Symbol.dispose]();
  }
}

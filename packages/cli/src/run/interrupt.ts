import { exitCodes } from '../exit-codes.js';

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Signals to this process while something runs that must be cleaned up. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** The first signal that came. */
  readonly by: NodeJS.Signals | undefined;
  /** Gives signals their usual meaning back. */
  [Symbol.dispose](): void;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts and lets the caller clean up; a second one ends the process on the spot. The terminal
 * sends Ctrl-C to every process of the foreground, so what the engine started has its own handling of it.
 */
export function watchInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let by: NodeJS.Signals | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    if (by !== undefined) process.exit(exitCodes.interrupted(by));
    by = signal;
    onFirst();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, listener);
  return {
    signal: controller.signal,
    get by() {
      return by;
    },
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}

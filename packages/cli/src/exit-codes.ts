import { constants } from 'node:os';

/** How `varve` ends: what a script may rely on. */
export const exitCodes = {
  done: 0,
  /** The build, or whatever the command was to do, failed. */
  failed: 1,
  /** The call was wrong: nothing was begun. */
  wrongCall: 2,
  /** 130 after Ctrl-C, 143 after SIGTERM: 128 and the number of the signal, as shells have it. */
  interrupted: (signal: NodeJS.Signals): number => 128 + (constants.signals[signal] ?? 0),
} as const;

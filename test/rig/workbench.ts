import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder } from './remove-folder.js';

/**
 * A temp folder with everything that was started for a test. `close` stops the services in reverse order, unmounts
 * what is still mounted below the folder and removes it. Where the process ends without it (Node's test runner leaves at
 * once on Ctrl-C), the kernel ends the services and a process of its own removes the folder after them.
 */
export interface Workbench extends AsyncDisposable {
  readonly folder: string;
  /** A path below the folder. */
  path(...names: readonly string[]): string;
  /** Registers what `close` has to stop. It may be called twice. */
  onClose(stop: () => Promise<void> | void): void;
  close(): Promise<void>;
}

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Makes a workbench below the system's temp folder, or below `parent`. */
export function openWorkbench(name: string, parent: string = tmpdir()): Workbench {
  const folder = mkdtempSync(join(parent, `varve-test-${name}-`));
  const stops: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const stop of stops.reverse()) await stop();
      removeFolder(folder);
      process.removeListener('exit', leaveToCleaner);
      for (const signal of interrupts) process.removeListener(signal, leave);
    })();
    return closing;
  };
  const leaveToCleaner = (): void => {
    const cleaner = fileURLToPath(new URL('clean-later.js', import.meta.url));
    spawn(process.execPath, [cleaner, folder], { detached: true, stdio: 'ignore' }).unref();
  };
  process.once('exit', leaveToCleaner);
  const leave = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal]);
  for (const signal of interrupts) process.on(signal, leave);
  return {
    folder,
    path: (...names) => join(folder, ...names),
    onClose: stop => void stops.push(stop),
    close,
    [Symbol.asyncDispose]: close,
  };
}

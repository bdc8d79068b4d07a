import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeFolder } from './remove-folder.js';

/**
 * A temp folder with everything that was started for a test. `close` stops the services in reverse order, unmounts
 * what is still mounted below the folder and removes it; a test process that is interrupted does the same.
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
      for (const signal of interrupts) process.removeListener(signal, interrupted);
      for (const stop of stops.reverse()) await stop();
      removeFolder(folder);
    })();
    return closing;
  };
  const interrupted = (signal: NodeJS.Signals): void => {
    close().finally(() => process.kill(process.pid, signal));
  };
  for (const signal of interrupts) process.once(signal, interrupted);
  return {
    folder,
    path: (...names) => join(folder, ...names),
    onClose: stop => void stops.push(stop),
    close,
    [Symbol.asyncDispose]: close,
  };
}

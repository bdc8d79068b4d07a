import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { PJSON } from '@oclif/core/interfaces';
import { run } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';
import { commandLine, wantsJson } from './command-line.js';
import type { ErrorReport } from './errors/report.js';

/**
 * Runs a command line and sets the exit code of the process: 0 done, 1 failed, 2 the call was wrong, 128 and the signal's number
 * when interrupted. Never rejects; whatever goes wrong is shown on standard error.
 */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  subscribe('varve:http-loaded', compileLittle);
  subscribe('varve:large-body', keepMemorySmall);
  // oclif would look it up in /etc/passwd, and fail for a user who is not there: pods run as any number.
  process.env.SHELL ??= '/bin/sh';
  process.once('uncaughtException', error => {
    void fail(error, argv).finally(() => process.exit());
  });
  // Node would end as if all was well.
  const stalled = (): void => void fail(new Error('the command waits for something that will never come'), argv);
  process.once('beforeExit', stalled);
  try {
    settings.enableAutoTranspile = false;
    await run(commandLine(argv), {
      root: fileURLToPath(ownFolder),
      pjson: ownPackage(),
      userPlugins: false,
      devPlugins: false,
    });
  } catch (error) {
    await fail(error, argv);
  } finally {
    process.off('beforeExit', stalled);
  }
}

/**
 * Not before the code is loaded: under other flags Node's own modules are compiled instead of taken from its cache. Optimizing the HTTP parser, which is
 * WebAssembly, takes 36 MB for a moment, and it has little to do. Node's pattern of IPv6 addresses, which every connection asks, takes 4 ms to be
 * compiled well, and nobody has much to ask it.
 */
function compileLittle(): void {
  setFlagsFromString('--liftoff-only');
  setFlagsFromString('--no-regexp-optimization');
}

/**
 * A build that moves layers is mostly bytes that pass through: V8 would let its young generation grow to tens of megabytes of dead buffers before it
 * looked. Kept as it is, a pull of a 260 MB base peaks 60 MB lower, and takes as long; code that is kept small instead of fast takes 10 MB less, and no
 * such build spends its time in it. So small a young generation is collected sooner by one thread than several are woken. A build that moves
 * nothing is over before its heap is large, and would only be collected more often (several milliseconds).
 */
function keepMemorySmall(): void {
  unsubscribe('varve:large-body', keepMemorySmall);
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--no-parallel-scavenge');
}

const ownFolder = new URL('../../', import.meta.url);

/** Given to oclif, which would look for the nearest one: that of the bundle says how its files are to be read, and no more. */
function ownPackage(): PJSON {
  return JSON.parse(readFileSync(new URL('package.json', ownFolder), 'utf8')) as PJSON;
}

async function fail(error: unknown, argv: readonly string[]): Promise<void> {
  const { reportOf } = await import('./errors/report.js');
  const { withSource } = await import('./errors/source.js');
  const { isDebugging } = await import('./run/debugging.js');
  const report = await withSource(reportOf(error, { debug: isDebugging(process.env) }), process.cwd());
  process.exitCode = report.exitCode;
  process.stderr.write(await shown(report, argv));
}

async function shown(report: ErrorReport, argv: readonly string[]): Promise<string> {
  if (wantsJson(argv)) {
    const { errorEvent } = await import('./progress/json.js');
    return `${JSON.stringify(errorEvent(report))}\n`;
  }
  const [{ renderError }, { paint, wantsColour }] = await Promise.all([
    import('./errors/render.js'),
    import('./terminal/colour.js'),
  ]);
  return renderError(report, paint(wantsColour(process.stderr, process.env)));
}

import { relative } from 'node:path';
import { exitCodes } from '../exit-codes.js';
import { watchInterruption } from '../run/interrupt.js';
import { showDuration } from '../show/duration.js';
import { paint, wantsColour } from '../terminal/colour.js';
import type { Output } from '../terminal/output.js';
import { oneLine } from '../terminal/sanitize.js';
import { type AfterBuild, runAfterBuild } from './after-build.js';
import { ChangeWatcher } from './change-watcher.js';
import type { WatchedPaths } from './watched-paths.js';

/** How one build went. */
export interface WatchedBuild {
  readonly exitCode: number;
  /** Of the image, where there is one. */
  readonly digest?: string;
}

export interface WatchInput {
  readonly paths: WatchedPaths;
  /** That paths are shown relative to. */
  readonly cwd: string;
  readonly stderr: Output;
  /** Lines of JSON instead of words; nothing at all. */
  readonly mode: 'text' | 'json' | 'quiet';
  /** A command line that runs after each build that succeeds. */
  readonly exec?: string;
  /** Builds and shows it. Where `superseded` fires, the build stops and nothing more is said of it. */
  build(superseded: AbortSignal): Promise<WatchedBuild>;
}

/** Paths that are named when a build begins anew. */
const mostNamed = 3;

/**
 * Builds, and again after each burst of changes; a build or a command that still runs then is stopped first. Ends with the first signal of the
 * user, and gives the exit code for it. Errors: `E_WATCH`.
 */
export async function watchBuilds(input: WatchInput): Promise<number> {
  const interruption = watchInterruption(() => undefined);
  try {
    await using watcher = await ChangeWatcher.open(input.paths);
    const voice = new WatchVoice(input);
    for (let count = 1; !interruption.signal.aborted; count++) {
      const changed = await buildUntilChange(input, watcher, voice, interruption.signal);
      if (changed) voice.changed(changed, count);
    }
    return exitCodes.interrupted(interruption.by ?? 'SIGINT');
  } finally {
    interruption[Symbol.dispose]();
  }
}

/** One build and its command. Gives what changed, once something did; undefined where the user ends it all. */
async function buildUntilChange(
  input: WatchInput,
  watcher: ChangeWatcher,
  voice: WatchVoice,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const superseded = new AbortController();
  const change = watcher.next(signal);
  let command: AfterBuild | undefined;
  change.then(
    () => superseded.abort(),
    () => undefined,
  );
  try {
    const from = performance.now();
    const { exitCode, digest } = await input.build(superseded.signal);
    if (!superseded.signal.aborted && !signal.aborted) {
      voice.waiting(exitCode === exitCodes.done, performance.now() - from, digest);
      if (digest !== undefined && input.exec !== undefined) {
        command = runAfterBuild(input.exec, digest);
        command.ended.then(code => superseded.signal.aborted || signal.aborted || voice.commandEnded(code));
      }
    }
    return await change;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    await command?.stop();
  }
}

/** What a person, or a program, is told between builds. */
class WatchVoice {
  readonly #input: WatchInput;
  readonly #paint: ReturnType<typeof paint>;
  /** Digest of the last image. */
  #last: string | undefined;

  constructor(input: WatchInput) {
    this.#input = input;
    this.#paint = paint(wantsColour(input.stderr, process.env));
  }

  /** What came of a build stands above already: here is what that does not say. */
  waiting(ok: boolean, milliseconds: number, digest: string | undefined): void {
    const folders = this.#input.paths.folders.map(({ dir }) => relative(this.#input.cwd, dir) || '.');
    const same = ok && digest !== undefined && digest === this.#last;
    if (ok) this.#last = digest;
    const failed = this.#paint.red(`Failed after ${showDuration(milliseconds)}. `);
    const how = ok ? (same ? 'The same image as before. ' : '') : failed;
    this.#say(
      { type: 'watching', ok, folders, ...(ok ? { same } : {}) },
      `${how}${this.#paint.dim(`Watching ${oneLine(folders.join(', '))} (Ctrl-C ends)`)}`,
    );
  }

  changed(paths: readonly string[], count: number): void {
    const names = paths.map(path => oneLine(relative(this.#input.cwd, path)));
    const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
    const time = new Date().toTimeString().slice(0, 8);
    this.#say(
      { type: 'changed', paths: names },
      `\n${this.#paint.bold(`── ${time}  build ${count + 1}: ${names.slice(0, mostNamed).join(', ')}${more} changed`)}`,
    );
  }

  commandEnded(code: number): void {
    const text =
      code === 0
        ? this.#paint.dim('The command has ended')
        : this.#paint.red(`The command has ended with exit code ${code}`);
    this.#say({ type: 'commandEnded', code }, text);
  }

  #say(event: object, text: string): void {
    const { mode, stderr } = this.#input;
    if (mode === 'json') stderr.write(`${JSON.stringify(event)}\n`);
    else if (mode === 'text') stderr.write(`${text}\n`);
  }
}

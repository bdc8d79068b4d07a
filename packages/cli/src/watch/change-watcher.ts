import { lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FSWatcher } from 'chokidar';
import { CliError } from '../errors/cli-error.js';
import { ignoredPaths, type WatchedPaths } from './watched-paths.js';

/** How long nothing must change before changes are told of, in milliseconds: editors and git write in bursts. */
const quiet = 120;
/** The longest that a burst is waited for. */
const longest = 1500;

/** How long chokidar takes to be as ready as it says, in milliseconds; its first 10 ms lose changes. */
const settle = 150;

/** Tells of changes in watched paths, a burst at a time. */
export class ChangeWatcher implements AsyncDisposable {
  readonly #paths: WatchedPaths;
  readonly #changed = new Set<string>();
  #waiting: { resolve(paths: readonly string[]): void; reject(error: unknown): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #since = 0;
  #failure: unknown;
  /** Says that ignore files are other ones than those that the watchers go by. */
  #stale = false;
  #reopening: Promise<void> | undefined;
  #disposed = false;
  #close: () => Promise<void> = () => Promise.resolve();

  private constructor(paths: WatchedPaths) {
    this.#paths = paths;
  }

  /** Begins to watch; from when it resolves no change is missed. Errors: `E_WATCH`. */
  static async open(paths: WatchedPaths): Promise<ChangeWatcher> {
    const watcher = new ChangeWatcher(paths);
    await watcher.#open();
    return watcher;
  }

  /** The paths of the next burst, at once where there was one since. Rejects with `E_WATCH`, or the signal's reason. */
  next(signal: AbortSignal): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      const settled = (): void => signal.removeEventListener('abort', abort);
      this.#waiting = {
        resolve: paths => {
          settled();
          resolve(paths);
        },
        reject: error => {
          settled();
          reject(error);
        },
      };
      if (signal.aborted) abort();
      this.#tell();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#timer);
    await this.#reopening;
    await this.#close();
  }

  /** Ignore files say what is watched, so each change of one begins anew. */
  async #open(): Promise<void> {
    const { watch } = await import('chokidar');
    const { folders, files } = this.#paths;
    const ignores = ignoredPaths(this.#paths);
    const ignored = (path: string, stats?: Stats): boolean =>
      ignores(path, stats !== undefined && !stats.isDirectory());
    const dirs = folders.map(({ dir }) => dir);
    // A link is copied as a link: what it leads to, which may be the whole machine, is no part of a context. A Dockerfile may be one.
    const trees = watch(dirs, { ignoreInitial: true, ignored, followSymlinks: false });
    const watchers = [trees, watch([...files], { ignoreInitial: true, ignored: path => !isOrHolds(files, path) })];
    this.#close = async () => void (await Promise.all(watchers.map(watcher => watcher.close())));
    await Promise.all(watchers.map(watcher => this.#ready(watcher)));
    // chokidar says that it is ready a moment before the last folders are watched.
    await sleep(settle);
    for (const watcher of watchers) watcher.on('all', (_event, path) => this.#note(path));
    // It says nothing of links that lead nowhere, as those often do whose targets are in the image.
    trees.on('raw', (_event, name, details) => {
      const path = join((details as { readonly watchedPath: string }).watchedPath, String(name));
      if (isLink(path) && !ignores(path, true)) this.#note(path);
    });
  }

  #ready(watcher: FSWatcher): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      watcher.once('ready', resolve);
      watcher.on('error', error => {
        reject(watchError(error));
        this.#failure = watchError(error);
        this.#waiting?.reject(this.#failure);
      });
    });
  }

  #note(path: string): void {
    if (this.#changed.size === 0) this.#since = Date.now();
    this.#changed.add(path);
    this.#later();
    if (this.#paths.files.includes(path) && path.endsWith('.dockerignore')) this.#again();
  }

  /** Watches anew. Nothing is told meanwhile: a build must not begin before its changes are seen. */
  #again(): void {
    this.#stale = true;
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined;
      this.#tell();
    });
  }

  async #reopen(): Promise<void> {
    try {
      while (this.#stale && !this.#disposed) {
        this.#stale = false;
        await this.#close();
        await this.#open();
      }
    } catch (error) {
      this.#failure = error;
    }
  }

  #later(): void {
    clearTimeout(this.#timer);
    const left = this.#since + longest - Date.now();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#tell();
      },
      Math.max(0, Math.min(quiet, left)),
    );
  }

  #tell(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    if (this.#failure !== undefined) waiting.reject(this.#failure);
    if (this.#timer !== undefined || this.#reopening !== undefined || this.#changed.size === 0) return;
    this.#waiting = undefined;
    const paths = [...this.#changed].sort();
    this.#changed.clear();
    waiting.resolve(paths);
  }
}

/** chokidar waits in its folder for a file that is not there. */
function isOrHolds(files: readonly string[], path: string): boolean {
  return files.some(file => file === path || dirname(file) === path);
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function watchError(cause: unknown): CliError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const many = code === 'ENOSPC' || code === 'EMFILE';
  return new CliError('E_WATCH', `the files cannot be watched: ${message}`, {
    hint: many
      ? 'leave more out with .dockerignore, or raise fs.inotify.max_user_watches and max_user_instances'
      : 'make them readable, or leave them out with .dockerignore',
    cause,
  });
}

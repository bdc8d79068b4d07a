import { checked, libc } from './libc.js';
import { statCalls } from './stat-calls.js';

const init = libc.func('int inotify_init1(int flags)');
const addWatch = libc.func('int inotify_add_watch(int fd, void *path, uint32_t mask)');

/** O_NONBLOCK | O_CLOEXEC */
const nonBlocking = 0o4000 | 0o2000000;
const closedAfterWriting = 0x8;
const opened = 0x20;
const overflow = 0x4000;
const ignored = 0x8000;
const isFolder = 0x40000000;
const folderOnly = 0x01000000;
const noLink = 0x02000000;
/** Of one event, before its name: watch, mask, cookie, length of the name. */
const head = 16;
const room = 1 << 16;

/** inotify(7): hears of files in some folders that somebody opens, and again when nobody has them open for writing or mapped any more. */
export class OpenedFiles implements Disposable {
  readonly #fd = checked(init(nonBlocking), 'inotify_init1');
  readonly #calls = statCalls();
  readonly #buffer = new Uint8Array(room);
  readonly #at = this.#calls.address(this.#buffer);
  readonly #words = new DataView(this.#buffer.buffer);

  /** Listens to a folder from now on, wherever it is moved; `path` ends with a zero byte. Gives its number, or −1 where that cannot be. */
  add(path: Uint8Array): number {
    return addWatch(this.#fd, path, opened | closedAfterWriting | folderOnly | noLink);
  }

  /**
   * Tells what was heard since the last call: number of the folder and name, which is valid until it returns; and of folders that are no more.
   * False: not all was heard.
   */
  read(each: (folder: number, name: Uint8Array) => void, gone: (folder: number) => void): boolean {
    let heardAll = true;
    for (;;) {
      const length = this.#calls.read(this.#fd, this.#at, room);
      // EAGAIN: that was all.
      if (length <= 0) return heardAll;
      for (let at = 0; at < length; ) {
        const [folder, mask] = [this.#words.getInt32(at, true), this.#words.getUint32(at + 4, true)];
        const from = at + head;
        at = from + this.#words.getUint32(at + 12, true);
        if ((mask & overflow) !== 0) heardAll = false;
        else if ((mask & ignored) !== 0) gone(folder);
        else if ((mask & (opened | closedAfterWriting)) !== 0 && (mask & isFolder) === 0) {
          const end = this.#buffer.indexOf(0, from);
          each(folder, this.#buffer.subarray(from, end === -1 || end > at ? at : end));
        }
      }
    }
  }

  [Symbol.dispose](): void {
    this.#calls.close(this.#fd);
  }
}

import { type StatCalls, statCalls } from '../sys/stat-calls.js';

const bufferSize = 65_536;

/** Reads the names in open directories, raw, through one buffer that is reused. */
export class DirectoryNames {
  /** The raw `linux_dirent64` records that were read last. */
  readonly buffer = new Uint8Array(bufferSize);
  /** Address of `buffer`, so that a name in it can be handed to the kernel. */
  readonly address: number;
  readonly #calls: StatCalls = statCalls();

  constructor() {
    this.address = this.#calls.address(this.buffer);
  }

  /**
   * Calls `visit` for each name in a directory but `.` and `..`, with where it starts and ends in `buffer` (a zero byte follows).
   * `visit` must not read names itself. Gives 0, or −errno.
   */
  each(fd: number, visit: (from: number, to: number) => void): number {
    const { buffer } = this;
    for (;;) {
      const length = this.#calls.readEntries(fd, this.address, bufferSize);
      if (length <= 0) return length;
      for (let at = 0; at < length; ) {
        const from = at + 19;
        let to = from;
        while (buffer[to] !== 0) to++;
        at += (buffer[at + 16] as number) | ((buffer[at + 17] as number) << 8);
        const isDots = buffer[from] === 0x2e && (to === from + 1 || (to === from + 2 && buffer[from + 1] === 0x2e));
        if (!isDots) visit(from, to);
      }
    }
  }
}

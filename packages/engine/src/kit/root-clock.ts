import { closeSync, fstatSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isOlder } from './evidence.js';

/** A time as a row of stat words has it. */
export interface RowTime {
  readonly seconds: number;
  readonly rest: number;
}

/**
 * The clock of a file system, read off a file of our own: what ctime a change would get now. Kernels before 6.13 move it in ticks of 1
 * to 10 ms, later ones when somebody looks.
 */
export class RootClock implements Disposable {
  readonly #fd: number;

  /** Makes an unnamed file in a folder of the same file system. */
  constructor(folder: string) {
    const path = `${folder}/clock`;
    this.#fd = openSync(path, 'wx', 0o600);
    unlinkSync(path);
  }

  now(): RowTime {
    writeSync(this.#fd, 'x');
    ftruncateSync(this.#fd, 0);
    const { ctimeNs } = fstatSync(this.#fd, { bigint: true });
    const seconds = ctimeNs / 1_000_000_000n;
    const rest = (Number((seconds >> 32n) & 3n) << 30) | Number(ctimeNs % 1_000_000_000n);
    return { seconds: Number(seconds & 0xffffffffn), rest: rest >>> 0 };
  }

  /** Waits until a change would get a later ctime than `time`: one tick at most, unless the clock was set back. Tells whether it does. */
  async pass(time: RowTime): Promise<boolean> {
    for (let tries = 0; tries < 50; tries++) {
      const now = this.now();
      if (isOlder(time.seconds, time.rest, now.seconds, now.rest)) return true;
      await delay(1);
    }
    return false;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../model/error.js';
import { detachMount } from '../sys/mount.js';

/** A folder for one step, with mount points in it that go before it does. */
export class MountScratch {
  readonly dir: string;
  readonly #mountpoints: string[] = [];

  constructor(parent: string) {
    this.dir = mkdtempSync(join(parent, 'step-'));
  }

  /** An empty folder in it, to be mounted on. */
  mountpoint(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path);
    this.#mountpoints.push(path);
    return path;
  }

  /**
   * Unmounts, and removes the folder. Never by recursion what might be a mount: a mount that cannot be taken away makes this
   * throw `EBUSY` and loses no file.
   */
  remove(): void {
    for (const path of this.#mountpoints.toReversed()) {
      try {
        detachMount(path);
      } catch (error) {
        // Nothing was mounted there when it came to that.
        if (codeOf(error) !== 'EINVAL') throw error;
      }
    }
    for (const path of this.#mountpoints) rmdirSync(path);
    for (const name of readdirSync(this.dir)) rmSync(join(this.dir, name), { recursive: true, force: true });
    rmdirSync(this.dir);
  }
}

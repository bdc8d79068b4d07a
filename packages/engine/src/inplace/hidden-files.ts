import {
  chmodSync,
  chownSync,
  lstatSync,
  readFileSync,
  realpathSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimes } from '../sys/times.js';
import { bytePath } from './byte-paths.js';
import { keepingTime } from './folder-metadata.js';

/** Files that are in this process's memory alone for as long as a step runs. */
export class HiddenFiles {
  readonly #taken: Taken[] = [];

  /** Takes files out of the file tree; those that are not there are passed over. */
  static take(paths: readonly string[]): HiddenFiles {
    const files = new HiddenFiles();
    try {
      for (const path of paths) files.#take(path);
      return files;
    } catch (error) {
      files.putBack();
      throw error;
    }
  }

  #take(path: string): void {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile()) return;
    const content = readFileSync(path);
    const folder = dirname(path);
    keepingTime(bytePath(folder), () => unlinkSync(path));
    this.#taken.push({ path, content, stats, folder: realpathSync(folder), inode: lstatSync(folder).ino });
  }

  /** Puts them back, to where they were and nowhere else: gives those whose folder is another one now. */
  putBack(): readonly string[] {
    const lost: string[] = [];
    for (const taken of this.#taken.splice(0)) if (!restore(taken)) lost.push(taken.path);
    return lost;
  }
}

interface Taken {
  readonly path: string;
  readonly content: Buffer;
  readonly stats: Stats;
  /** Where it was, without links. */
  readonly folder: string;
  readonly inode: number;
}

function restore({ path, content, stats, folder, inode }: Taken): boolean {
  if (lstatSync(folder, { throwIfNoEntry: false })?.ino !== inode) return false;
  if (realpathSync(dirname(path)) !== folder) return false;
  return keepingTime(bytePath(folder), () => {
    try {
      writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    } catch {
      return false;
    }
    chownSync(path, stats.uid, stats.gid);
    chmodSync(path, stats.mode & 0o7777);
    setTimes(path, BigInt(Math.round(stats.mtimeMs * 1e6)));
    return true;
  });
}

import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type ContentReader, isSameVersion, type OpenContent } from './open-content.js';

const chunkSize = 1024 * 1024;
const mostTries = 5;

/** A copy of a file that nobody else can change. Closing it is all that it needs. */
export interface SteadyCopy {
  readonly file: OpenContent;
  /** Whether it is one version of the file; else the file never stopped changing. */
  readonly isWhole: boolean;
}

/**
 * Copies an open file into `dir`, anew while it changes meanwhile, a few times. Copying takes a fraction of the time that compressing
 * takes, and so finds the moment in which nobody writes. Gives way to the caller between pieces.
 */
export function* steadyCopy(
  file: OpenContent,
  dir: string,
  reader: ContentReader,
): Generator<void, SteadyCopy, undefined> {
  const path = join(dir, `copy-${process.pid}-${randomBytes(8).toString('hex')}`);
  const buffer = new Uint8Array(chunkSize);
  try {
    for (let tries = 1; ; tries++) {
      const before = file.version();
      file.rewind();
      const to = openSync(path, 'w', 0o600);
      try {
        for (let left = before.size; left > 0; ) {
          const count = file.read(buffer.subarray(0, Math.min(left, chunkSize)));
          if (count === 0) break;
          for (let at = 0; at < count; ) at += writeSync(to, buffer, at, count - at);
          left -= count;
          yield;
        }
      } finally {
        closeSync(to);
      }
      const isWhole = isSameVersion(before, file.version());
      if (!isWhole && tries < mostTries) continue;
      const copy = reader.open({ kind: 'path', path });
      if (copy === undefined) throw new Error(`the copy ${path} is gone`);
      return { file: copy, isWhole };
    }
  } finally {
    rmSync(path, { force: true });
  }
}

import { closeSync, constants, openSync, readSync } from 'node:fs';

const chunkSize = 1 << 18;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Whether two files hold the same bytes. Errors: those of the file system. */
export function haveSameContent(a: string | Buffer, b: string | Buffer): boolean {
  const [first, second] = [Buffer.allocUnsafe(chunkSize), Buffer.allocUnsafe(chunkSize)];
  const left = openSync(a, flags);
  try {
    const right = openSync(b, flags);
    try {
      for (;;) {
        const count = fill(left, first);
        if (fill(right, second) !== count) return false;
        if (first.compare(second, 0, count, 0, count) !== 0) return false;
        if (count < chunkSize) return true;
      }
    } finally {
      closeSync(right);
    }
  } finally {
    closeSync(left);
  }
}

function fill(fd: number, buffer: Buffer): number {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(fd, buffer, filled, buffer.length - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

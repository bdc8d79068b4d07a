import { closeSync, openSync, readSync } from 'node:fs';

/** Whether a program runs on glibc: it names its loader in its first bytes; one that was changed to name it elsewhere is not known as glibc's. */
export function isOfGlibc(program: string): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(program, 'r');
  try {
    readSync(file, head);
  } finally {
    closeSync(file);
  }
  return head.includes('/ld-linux-');
}

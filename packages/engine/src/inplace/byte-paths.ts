import { readdirSync } from 'node:fs';

/** A path as bytes, a character each: every name that a file system can hold goes through it unharmed, and through JSON. */
export type BytePath = string;

export function bytePath(path: string): BytePath {
  return Buffer.from(path).toString('latin1');
}

export function onDisk(path: BytePath): Buffer {
  return Buffer.from(path === '' ? '/' : path, 'latin1');
}

/** The path as people read it. */
export function textOf(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString();
}

/** Names in a folder, in no order. */
export function namesIn(dir: BytePath): readonly string[] {
  return readdirSync(onDisk(dir), { encoding: 'latin1' });
}

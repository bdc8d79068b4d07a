import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { libc } from './libc.js';

const trim = libc.func('int malloc_trim(size_t pad)');

/**
 * Gives back the memory of buffers that have passed through. V8 counts a buffer of a quarter of a megabyte as the hundred bytes of its
 * object, and would let hundreds of them die before it looked. A collection of the young generation takes a tenth of a millisecond. Buffers
 * that were in use during two of them have left it: now and then everything is collected, which takes a few milliseconds.
 */
export function youngGarbageCollector(): () => void {
  const collect = collector();
  let times = 0;
  return () => collect(++times % wholeEvery === 0 ? undefined : { type: 'minor' });
}

const wholeEvery = 32;

/**
 * Gives back what a long piece of work has left behind, old garbage and free memory of the C library too. Takes some 20 ms, so it is for
 * the end of something that took a second.
 */
export function giveBackMemory(): void {
  collector()();
  try {
    trim(0);
  } catch {
    // musl has no such call, and keeps little.
  }
}

function collector(): (options?: { readonly type: 'minor' } | undefined) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as ReturnType<typeof collector>;
}

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives back the memory of buffers that have passed through. V8 counts a buffer of a quarter of a megabyte as the hundred bytes of its
 * object, and would let hundreds of them die before it looked. A collection of the young generation takes a tenth of a millisecond. Buffers
 * that were in use during two of them have left it: where there are such, everything is to be collected `wholeEvery` so many times, which
 * takes a few milliseconds.
 */
export function youngGarbageCollector(wholeEvery = Number.POSITIVE_INFINITY): () => void {
  const collect = collector();
  let times = 0;
  return () => collect(++times % wholeEvery === 0 ? undefined : { type: 'minor' });
}

function collector(): (options?: { readonly type: 'minor' } | undefined) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as ReturnType<typeof collector>;
}

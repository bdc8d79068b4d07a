import { EINVAL, ENAMETOOLONG, systemError } from './errno.js';
import { loadKoffi } from './koffi.js';

type Native = (...args: readonly unknown[]) => number;

/** What a kernel accepts in one path, with its NUL. */
const longestPath = 4096;

const symbols = once(() => loadKoffi().load(null));
const scratch = once(() => Buffer.alloc(longestPath));

/**
 * The C library of this process, for the calls that Node does not offer. All calls are synchronous, on the calling thread; give
 * them numbers, strings and Buffers, never structs (decoding those costs more than the call).
 */
export const libc = {
  /** A function by its C prototype, looked up when it is first called. */
  func(prototype: string): Native {
    const native = once(() => symbols().func(prototype) as unknown as Native);
    return (...args) => native()(...args);
  },
};

/** The errno of the last call on this thread. Ask at once: whatever runs in between may change it. */
export function lastErrno(): number {
  return loadKoffi().errno();
}

/** Gives the result of a call that answers −1 for a failure, and throws a `SystemError` then. Nothing may run in between. */
export function checked(result: number, syscall: string, path?: string | Uint8Array): number {
  if (result < 0) throw systemError(syscall, loadKoffi().errno(), path);
  return result;
}

/** A NUL-terminated copy of a path, in memory that the next call uses again. Faster than passing strings, and takes any bytes. */
export function pathArgument(path: string | Uint8Array): Buffer {
  const buffer = scratch();
  const length = typeof path === 'string' ? Buffer.byteLength(path) : path.length;
  if (length >= longestPath) throw systemError('path', ENAMETOOLONG, path);
  if (typeof path === 'string') buffer.write(path, 0, 'utf8');
  else buffer.set(path);
  buffer[length] = 0;
  if (buffer.indexOf(0) !== length) throw systemError('path', EINVAL, path);
  return buffer;
}

/** A function that is called once; its result is remembered. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

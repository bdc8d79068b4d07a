/**
 * Bytes of files that are read, hashed and compressed in less time than a thread takes to start (some 100 ms): whoever has no more to do does it in the
 * thread that it is in, and who comes next may count the time as its own.
 */
export const smallWork = 4 << 20;

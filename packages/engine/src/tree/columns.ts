/**
 * The raw columns of a tree: one number per node and fact. They lie in shared memory, so that walker threads read a tree
 * without a copy of it.
 */
export interface Columns {
  /** Node of the directory that holds this one; -1 of the root, -2 of a free node. */
  parent: Int32Array;
  /** Where the name starts in the arena, and how many bytes it has. */
  nameAt: Uint32Array;
  nameLength: Uint16Array;
  /** `st_mode`: type and permission bits. */
  mode: Uint16Array;
  uid: Uint32Array;
  gid: Uint32Array;
  /** Bytes of a file; what 32 bits do not hold is kept beside (see `NodeTable.largeSizes`). */
  size: Uint32Array;
  /** Nanoseconds since 1970. Times beyond 64 bits are kept beside (see `NodeTable.oddTimes`). */
  mtime: BigInt64Array;
  /** Of a link: where its target starts in the arena. Of a file: its link group, 0 for none. */
  extra: Uint32Array;
  /** Children as a doubly linked list, in no order. */
  first: Int32Array;
  next: Int32Array;
  prev: Int32Array;
}

/** Typed arrays over shared memory, zeroed. */
export const shared = {
  int32: (length: number) => new Int32Array(new SharedArrayBuffer(length * 4)),
  uint32: (length: number) => new Uint32Array(new SharedArrayBuffer(length * 4)),
  uint16: (length: number) => new Uint16Array(new SharedArrayBuffer(length * 2)),
  uint8: (length: number) => new Uint8Array(new SharedArrayBuffer(length)),
  int64: (length: number) => new BigInt64Array(new SharedArrayBuffer(length * 8)),
};

/** Columns with room for `capacity` nodes, holding the first `used` nodes of `from`. */
export function columns(capacity: number, from?: Columns, used = 0): Columns {
  const made: Columns = {
    parent: shared.int32(capacity),
    nameAt: shared.uint32(capacity),
    nameLength: shared.uint16(capacity),
    mode: shared.uint16(capacity),
    uid: shared.uint32(capacity),
    gid: shared.uint32(capacity),
    size: shared.uint32(capacity),
    mtime: shared.int64(capacity),
    extra: shared.uint32(capacity),
    first: shared.int32(capacity),
    next: shared.int32(capacity),
    prev: shared.int32(capacity),
  };
  if (from === undefined) return made;
  made.parent.set(from.parent.subarray(0, used));
  made.nameAt.set(from.nameAt.subarray(0, used));
  made.nameLength.set(from.nameLength.subarray(0, used));
  made.mode.set(from.mode.subarray(0, used));
  made.uid.set(from.uid.subarray(0, used));
  made.gid.set(from.gid.subarray(0, used));
  made.size.set(from.size.subarray(0, used));
  made.mtime.set(from.mtime.subarray(0, used));
  made.extra.set(from.extra.subarray(0, used));
  made.first.set(from.first.subarray(0, used));
  made.next.set(from.next.subarray(0, used));
  made.prev.set(from.prev.subarray(0, used));
  return made;
}

/** The capacity to grow to: a quarter more, of what is large an eighth, so that little of the memory is idle. */
export function grown(capacity: number, needed: number): number {
  return Math.max(needed, Math.ceil(capacity * (capacity > 100_000 ? 1.125 : 1.25)), 64);
}

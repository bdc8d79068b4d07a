import { ENODATA, EOPNOTSUPP } from './errno.js';
import { checked, lastErrno, libc, once, pathArgument } from './libc.js';

const llistxattr = libc.func('int64_t llistxattr(const void *path, void *list, uint64_t size)');
const lgetxattr = libc.func('int64_t lgetxattr(const void *path, const char *name, void *value, uint64_t size)');
const lsetxattr = libc.func(
  'int lsetxattr(const void *path, const char *name, const void *value, uint64_t size, int flags)',
);
const lremovexattr = libc.func('int lremovexattr(const void *path, const char *name)');

/** Linux lets a value and a list of names have 64 KiB each. */
const largest = 65_536;
const scratch = once(() => Buffer.alloc(largest));

/** Names of the extended attributes of a path, links not followed. Empty where the file system keeps none. */
export function listXattrs(path: string | Uint8Array): readonly string[] {
  const names = scratch();
  const length = llistxattr(pathArgument(path), names, largest);
  if (length === 0) return [];
  if (length < 0 && lastErrno() === EOPNOTSUPP) return [];
  checked(length, 'llistxattr', path);
  return names.toString('utf8', 0, length - 1).split('\0');
}

/** One extended attribute, or undefined where there is none of this name. A fresh copy. */
export function getXattr(path: string | Uint8Array, name: string): Uint8Array | undefined {
  const value = scratch();
  const length = lgetxattr(pathArgument(path), name, value, largest);
  if (length < 0 && (lastErrno() === ENODATA || lastErrno() === EOPNOTSUPP)) return undefined;
  checked(length, 'lgetxattr', path);
  return Uint8Array.prototype.slice.call(new Uint8Array(value.buffer, value.byteOffset, length));
}

/**
 * All extended attributes of a path by name, links not followed; undefined where there are none. Names are sorted. Attributes
 * that vanish meanwhile are left out.
 */
export function readXattrs(path: string | Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  const names = listXattrs(path);
  if (names.length === 0) return undefined;
  const found = new Map<string, Uint8Array>();
  for (const name of [...names].sort()) {
    const value = getXattr(path, name);
    if (value !== undefined) found.set(name, value);
  }
  return found.size === 0 ? undefined : found;
}

/** Sets one extended attribute, links not followed. */
export function setXattr(path: string | Uint8Array, name: string, value: Uint8Array): void {
  checked(lsetxattr(pathArgument(path), name, value, value.length, 0), 'lsetxattr', path);
}

/** Removes one extended attribute; nothing happens where there is none. */
export function removeXattr(path: string | Uint8Array, name: string): void {
  const result = lremovexattr(pathArgument(path), name);
  if (result < 0 && lastErrno() === ENODATA) return;
  checked(result, 'lremovexattr', path);
}

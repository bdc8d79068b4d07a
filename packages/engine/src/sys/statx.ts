/** Where fields of `struct statx` lie (linux/stat.h), counted in 32-bit words, little endian as on all that Node runs on. */
export const statxAt = {
  nlink: 4,
  uid: 5,
  gid: 6,
  mode: 7,
  ino: 8,
  size: 10,
  ctime: 24,
  mtime: 28,
  deviceMajor: 32,
  deviceMinor: 33,
  devMajor: 34,
  devMinor: 35,
} as const;

/** Words of a `struct statx`. */
export const statWords = 64;

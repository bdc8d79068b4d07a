/**
 * A path inside a root file system: relative to the root, separated by `/`, without `.` or `..`, without a leading or
 * trailing slash; the root itself is `''`.
 *
 * File names are bytes. A name that is valid UTF-8 is the usual string; each byte that is not is kept as the lone
 * surrogate U+DC00 + byte (as in Python's `surrogateescape`), so every name survives a round trip. `path/bytes.ts`
 * converts to and from bytes.
 */
export type TreePath = string;

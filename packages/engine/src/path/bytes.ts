import { isUtf8 } from 'node:buffer';
import { VarveError } from '../model/error.js';
import type { TreePath } from '../model/path.js';

/** Bytes of a path, a name or a link target. Lone surrogates U+DC80–U+DCFF become the single bytes they stand for. */
export function pathToBytes(path: TreePath): Buffer {
  if (path.isWellFormed()) return Buffer.from(path, 'utf8');
  const bytes = Buffer.allocUnsafe(path.length * 3);
  let used = 0;
  for (let i = 0; i < path.length; ) {
    const point = path.codePointAt(i) ?? 0;
    const width = point > 0xffff ? 2 : 1;
    if (point >= 0xdc80 && point <= 0xdcff) bytes[used++] = point - 0xdc00;
    else used += bytes.write(path.slice(i, i + width), used, 'utf8');
    i += width;
  }
  return bytes.subarray(0, used);
}

/**
 * Writes what follows `start` in a path as bytes to `into`, where that is ASCII and fits: most names are, and need no buffer of their own
 * then. Gives their number; −1 where `pathToBytes` is needed.
 */
export function plainBytes(path: TreePath, start: number, into: Uint8Array): number {
  const length = path.length - start;
  if (length > into.length) return -1;
  for (let i = 0; i < length; i++) {
    const code = path.charCodeAt(start + i);
    if (code > 0x7f) return -1;
    into[i] = code;
  }
  return length;
}

/** The path that bytes spell: UTF-8 where it is valid, each other byte as the lone surrogate U+DC00 + byte. */
export function bytesToPath(bytes: Uint8Array): TreePath {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(view)) return view.toString('utf8');
  let path = '';
  let from = 0;
  for (let i = 0; i < view.length; ) {
    const width = sequenceLength(view, i);
    i += Math.max(1, width);
    if (width > 0) continue;
    path += view.toString('utf8', from, i - 1) + String.fromCharCode(0xdc00 + (view[i - 1] ?? 0));
    from = i;
  }
  return path + view.toString('utf8', from);
}

/** Whether the path's bytes are valid UTF-8, so that the usual string names it to the kernel. */
export function isPlainPath(path: TreePath): boolean {
  return path.isWellFormed();
}

/** Bytes that Linux takes in one path. */
const longest = 4095;

/** What `node:fs` takes to reach a tree path below a folder: a string where that is enough, bytes where it is not. Errors: `E_PATH_TOO_LONG`. */
export function onDisk(dir: string, path: TreePath): string | Buffer {
  const joined = path === '' ? dir : `${dir}/${path}`;
  const place = joined.isWellFormed() ? joined : pathToBytes(joined);
  if (joined.length * 3 > longest && Buffer.byteLength(place) > longest) throw pathTooLong(path);
  return place;
}

function pathTooLong(path: TreePath): VarveError {
  const bytes = pathToBytes(path).length;
  return new VarveError('E_PATH_TOO_LONG', `${JSON.stringify(`${path.slice(0, 60)}…`)} is a path of ${bytes} bytes`, {
    hint: `An image cannot have it: Linux takes ${longest} bytes in one path, and the folder of the root is among them.`,
    data: { path },
  });
}

/** Length of the valid UTF-8 sequence at `at`, 0 where there is none (Unicode, table 3-7). */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const width = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const second = bytes[at + 1] ?? 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let i = 2; i < width; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return width;
}

import type { TreePath } from '../model/path.js';

/** The directory that holds a path; `''` (the root) for a name in the root and for the root itself. */
export function parentOf(path: TreePath): TreePath {
  const cut = path.lastIndexOf('/');
  return cut === -1 ? '' : path.slice(0, cut);
}

/** The last component of a path; `''` for the root. */
export function nameOf(path: TreePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The path of a name, or of a path, below a directory. */
export function childPath(dir: TreePath, name: TreePath): TreePath {
  return dir === '' ? name : name === '' ? dir : `${dir}/${name}`;
}

/** Whether `parentOf(path)` is `dir`, without making it. */
export function isIn(dir: TreePath, path: TreePath): boolean {
  return dir.length === Math.max(0, path.lastIndexOf('/')) && path.startsWith(dir);
}

/** Whether `path` is `dir` or lies below it. */
export function isWithin(dir: TreePath, path: TreePath): boolean {
  return dir === '' || path === dir || (path.startsWith(dir) && path.charCodeAt(dir.length) === 0x2f);
}

/** Whether `path` is the root or lies within one name of it; of `''` only the root itself. */
export function isRootOrWithin(name: string, path: TreePath): boolean {
  return path === '' || (name !== '' && isWithin(name, path));
}

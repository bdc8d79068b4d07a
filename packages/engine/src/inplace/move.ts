import { lstatSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { codeOf } from '../model/error.js';
import { type BytePath, namesIn, onDisk } from './byte-paths.js';
import { readMetadata, writeMetadata } from './folder-metadata.js';

/**
 * Moves a file or folder by renaming. A folder of a lower layer of an overlay cannot be renamed: another one takes its place and its content
 * is moved, once; from then on it can be. Two folders become one. Gives false where something, a mount point, stayed behind.
 */
export function move(from: BytePath, to: BytePath): boolean {
  try {
    renameSync(onDisk(from), onDisk(to));
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EBUSY') return false;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return isFolder(from) && moveContent(from, to);
    if (code !== 'EXDEV') throw error;
    if (!isFolder(from)) return false;
    return moveContent(from, to);
  }
}

function moveContent(from: BytePath, to: BytePath): boolean {
  const metadata = readMetadata(from);
  if (!isFolder(to)) mkdirSync(onDisk(to), { mode: 0o700 });
  let whole = true;
  for (const name of namesIn(from)) whole = move(`${from}/${name}`, `${to}/${name}`) && whole;
  writeMetadata(to, metadata);
  if (!whole) return false;
  try {
    rmdirSync(onDisk(from));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EBUSY') return false;
    throw error;
  }
}

export function isFolder(path: BytePath): boolean {
  return lstatSync(onDisk(path), { throwIfNoEntry: false })?.isDirectory() === true;
}

import type { FileEntry, FileType } from '../../model/file-entry.js';
import type { TarFields } from './encode.js';

const flags: Readonly<Record<FileType, TarFields['flag']>> = {
  file: '0',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** What the headers of an entry say; `path` as it is to be written, with a slash behind a directory. */
export function fieldsOf(path: string, entry: FileEntry): TarFields {
  return {
    path,
    flag: flags[entry.type],
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.size,
    mtimeNs: entry.mtimeNs,
    link: entry.linkTarget,
    device: entry.device,
    xattrs: entry.xattrs,
  };
}

import type { FileContent, LaidFile } from '../../model/change.js';
import { VarveError } from '../../model/error.js';
import type { TreePath } from '../../model/path.js';
import { ContentReader } from '../write/open-content.js';
import { Unpacker } from './unpacker.js';

const chunkSize = 1 << 20;

/**
 * Lays files out in an empty folder as a layer with them would be: owners, modes, times, xattrs, devices; paths of one link group become
 * hard links. Synchronous. Errors: `E_FILE_VANISHED`, `E_OWNER_UNMAPPED`, those of the file system.
 */
export function layOut(dir: string, files: readonly LaidFile[], canChown: boolean): void {
  const unpacker = new Unpacker(dir, canChown, {});
  const groups = new Map<number, TreePath>();
  const buffer = Buffer.allocUnsafe(chunkSize);
  try {
    for (const { path, entry, content } of files) {
      const { linkGroup } = entry;
      const linkTo = linkGroup === undefined ? undefined : groups.get(linkGroup);
      unpacker.begin({ kind: 'write', path, entry, ...(linkTo === undefined ? {} : { linkTo }) });
      if (content && linkTo === undefined) copyContent(content, unpacker, buffer);
      unpacker.end();
      if (linkGroup !== undefined && linkTo === undefined) groups.set(linkGroup, path);
    }
    unpacker.finish();
  } finally {
    unpacker.close();
  }
}

function copyContent(content: FileContent, unpacker: Unpacker, buffer: Buffer): void {
  if (content.kind === 'bytes') {
    unpacker.data(content.bytes);
    return;
  }
  const file = new ContentReader().open(content);
  if (!file) throw new VarveError('E_FILE_VANISHED', `${String(content.path)} was gone when it was to be read`);
  try {
    for (let count = file.read(buffer); count > 0; count = file.read(buffer)) unpacker.data(buffer.subarray(0, count));
  } finally {
    file.close();
  }
}

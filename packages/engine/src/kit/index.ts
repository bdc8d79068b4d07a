/**
 * For those who write snapshotters. `openDirectoryRoot` is a whole one for roots in a folder; the rest is what it is made of and
 * what another kind of root may want: traits of file systems, trees of folders, content hashes.
 */
export { type ContentHash, type ContentHashId, contentHash, contentHashes, type RunningHash } from './content-hash.js';
export { type Detection, openDirectoryRoot } from './directory-root.js';
export { type FileSystemTraits, fileSystemTraits } from './file-system-traits.js';
export { type FolderScope, treeOfFolder } from './scan-folder.js';

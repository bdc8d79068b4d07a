/**
 * For those who write snapshotters. `openDirectoryRoot` is a whole one for roots in a folder; the rest is what it is made of and
 * what another kind of root may want: traits of file systems, trees of folders, content hashes; looking at paths and
 * comparing them, laying layers on a folder, overlay mounts.
 */
export { type UnpackedLayer, type UnpackTarget, unpackLayer } from '../layer/unpack/unpack-layer.js';
export { bytesToPath, onDisk } from '../path/bytes.js';
export { childPath, parentOf } from '../path/name.js';
export { comparePaths } from '../path/order.js';
export { getXattr, setTimes } from '../sys/index.js';
export { bindMount, detachMount, unmount } from '../sys/mount.js';
export { mountOverlay, type OverlayMount } from '../sys/overlay.js';
export { isSameEntry } from './changed-entry.js';
export { type ContentHash, type ContentHashId, contentHash, contentHashes, type RunningHash } from './content-hash.js';
export { copyMetadata } from './copy-metadata.js';
export { type Detection, openDirectoryRoot } from './directory-root.js';
export { type FileSystemTraits, fileSystemTraits } from './file-system-traits.js';
export { Looker, type Seen } from './look.js';
export { haveSameContent } from './same-content.js';
export { type FolderScope, treeOfFolder } from './scan-folder.js';

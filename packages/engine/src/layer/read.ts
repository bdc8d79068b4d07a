import type { Bytes } from '../model/bytes.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { LayerEntry } from '../model/toc.js';
import { childPath, nameOf, parentOf } from '../path/name.js';
import { normalizeTarPath } from '../path/tar-name.js';
import { invalidLayer } from './invalid.js';
import { keptXattrs } from './kept-xattrs.js';
import { LinkTargets } from './link-targets.js';
import { isShown } from './shown-tar.js';
import type { TarEntry } from './tar/interpret.js';
import { TarParser, type TarSink } from './tar/parser.js';
import type { LayerVisitor } from './visitor.js';

/**
 * Reads a layer's tar and shows each entry to the visitor: whiteouts decoded, names made tree paths, hard links with the metadata
 * of the entry they name. One that is only being written is not parsed ({@link ShownTar}). Of two entries for one path both are shown; the
 * later one counts. Nothing is held but metadata.
 *
 * Errors: `E_LAYER_INVALID` for a malformed tar or one that tries to leave the root, `E_LAYER_UNSUPPORTED` for types of entry that no
 * root can hold; whatever the visitor throws.
 */
export async function readLayer(tar: Bytes, visitor: LayerVisitor, signal?: AbortSignal): Promise<void> {
  if (isShown(tar)) await tar.show(visitor);
  else await readTar(tar, layerSink(visitor), signal);
}

/** Reads any tar, where `.wh.` names mean nothing and files may be sparse. Otherwise as {@link readLayer}. */
export async function readPlainTar(tar: Bytes, visitor: LayerVisitor, signal?: AbortSignal): Promise<void> {
  await readTar(tar, plainSink(visitor), signal);
}

async function readTar(tar: Bytes, sink: TarSink, signal?: AbortSignal): Promise<void> {
  const parser = new TarParser(sink);
  for await (const chunk of tar) {
    signal?.throwIfAborted();
    parser.push(chunk);
  }
  parser.finish();
}

const whiteoutPrefix = '.wh.';
/** Names that AUFS kept for itself; only the mark of an opaque directory means something to others. */
const aufsPrefix = '.wh..wh.';
const opaqueName = '.wh..wh..opq';

/** What a tar parser needs in order to read a layer. */
export function layerSink(visitor: LayerVisitor): TarSink {
  const inner = plainSink(visitor);
  let silent = false;
  return {
    begin(entry) {
      const path = normalizeTarPath(entry.name);
      const name = nameOf(path);
      const isMark = name.startsWith(whiteoutPrefix) || path.startsWith(aufsPrefix);
      silent = isMark;
      if (!isMark) return inner.begin(entry);
      const mark = decodeMark(path, name);
      if (mark === undefined) return;
      visitor.begin(mark);
      visitor.end();
    },
    data: chunk => {
      if (!silent) inner.data(chunk);
    },
    end: () => {
      if (!silent) inner.end();
    },
  };
}

/** The whiteout that a name stands for (image-spec, layer.md); undefined for what AUFS left behind. */
function decodeMark(path: TreePath, name: string): LayerEntry | undefined {
  const parent = parentOf(path);
  if (name === opaqueName) return { kind: 'opaque', path: parent };
  if (name.startsWith(aufsPrefix) || path.startsWith(aufsPrefix)) return undefined;
  const gone = name.slice(whiteoutPrefix.length);
  if (gone === '' || gone === '.' || gone === '..') throw invalidLayer('this whiteout names nothing', path);
  return { kind: 'whiteout', path: childPath(parent, gone) };
}

function plainSink(visitor: LayerVisitor): Required<TarSink> {
  const targets = new LinkTargets();
  return {
    begin(tar) {
      const path = normalizeTarPath(tar.name);
      visitor.begin(tar.type === 'link' ? decodeLink(path, tar, targets) : decodeWrite(path, tar, targets));
    },
    data: chunk => visitor.data(chunk),
    hole: length => {
      if (visitor.hole !== undefined) visitor.hole(length);
      else for (let left = length; left > 0; left -= zeros.length) visitor.data(zeros.subarray(0, left));
    },
    end: () => visitor.end(),
  };
}

const zeros: Uint8Array = new Uint8Array(64 * 1024);

type WriteEntry = Extract<LayerEntry, { kind: 'write' }>;

function decodeWrite(path: TreePath, tar: TarEntry, targets: LinkTargets): WriteEntry {
  if (path === '' && tar.type !== 'directory') throw invalidLayer('the root can only be a directory', tar.name);
  if (tar.type === 'symlink' && (tar.linkName === '' || tar.linkName.includes('\0'))) {
    throw invalidLayer('this symbolic link leads nowhere', path);
  }
  const entry = entryOf(tar, tar.type === 'link' ? 'file' : tar.type);
  if (entry.type === 'directory') targets.forget(path);
  else targets.add(path, entry);
  return { kind: 'write', path, entry };
}

/** A link to what this layer does not have (a file of a lower layer) keeps what its own header says. */
function decodeLink(path: TreePath, tar: TarEntry, targets: LinkTargets): WriteEntry {
  const linkTo = normalizeTarPath(tar.linkName);
  if (linkTo === '' || linkTo === path) throw invalidLayer('this hard link leads to itself or to the root', path);
  const target = targets.link(path, linkTo);
  if (target === undefined) return { ...decodeWrite(path, tar, targets), linkTo };
  return { kind: 'write', path, entry: target.entry, linkTo: target.path };
}

function entryOf(tar: TarEntry, type: FileEntry['type']): FileEntry {
  const xattrs = keptXattrs(tar.xattrs);
  return {
    type,
    mode: tar.mode,
    uid: tar.uid,
    gid: tar.gid,
    size: tar.size,
    mtimeNs: tar.mtimeNs,
    ...(type === 'symlink' ? { linkTarget: tar.linkName } : {}),
    ...(tar.device === undefined ? {} : { device: tar.device }),
    ...(xattrs === undefined ? {} : { xattrs }),
  };
}

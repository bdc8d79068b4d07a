import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { hostPlatform, parsePlatform } from '@varve/oci';
import { packChanges } from '../host/packed-changes.js';
import { type FolderScope, treeOfFolder } from '../kit/scan-folder.js';
import { codeOf, VarveError } from '../model/error.js';
import type { Layer } from '../model/layer.js';
import type { TreePath } from '../model/path.js';
import type { Session } from '../session/session.js';
import { mountsBelow } from '../store/mounts-below.js';
import { applyToc, emptyTree, type Tree } from '../tree/index.js';
import { folderChanges } from './folder-changes.js';
import { openImage } from './open-image.js';

/** The file system that is worked on: its layers, in the store, and how large it is. */
export interface BenchSubject {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly env: readonly string[];
  readonly entries: number;
  readonly bytes: number;
  /** Files that have bytes and no other name, in path order. */
  readonly files: readonly TreePath[];
}

/** The layers of an image, fetched into the store. Errors: those of {@link openImage} and of fetching. */
export async function imageSubject(session: Session, name: string, platform?: string): Promise<BenchSubject> {
  await using image = await openImage(name, platform === undefined ? hostPlatform() : parsePlatform(platform), session);
  let tree = emptyTree();
  const host = session.layerHost(Number.POSITIVE_INFINITY);
  for (const layer of image.layers) {
    session.blobs.learn(layer.descriptor.digest, {
      description: name,
      open: descriptor => Promise.resolve(image.blob(descriptor)),
    });
    await session.blobs.ensure(layer.descriptor);
    const known = await session.tocs.get(layer.diffId);
    if (!known) await host.call('readTocs', { layers: [host.input(layer)] }, { signal: session.signal });
    const toc = known ?? (await session.tocs.get(layer.diffId));
    if (toc) tree = applyToc(tree, toc);
  }
  return { name, layers: image.layers, env: image.config.config?.Env ?? [], ...sizeOf(tree) };
}

/**
 * A folder as an image of one layer, which is written into the store; what is mounted below the folder is left out. Errors:
 * `E_CONTEXT_NOT_FOUND`, those of reading.
 */
export async function folderSubject(session: Session, name: string): Promise<BenchSubject> {
  const dir = resolve(session.options.cwd, name);
  if (!isFolder(dir)) throw new VarveError('E_CONTEXT_NOT_FOUND', `${name} is no folder`);
  const tree = treeOfFolder(dir, withoutMounts(dir));
  const host = session.layerHost(Number.POSITIVE_INFINITY);
  const options = {
    compression: { id: 'none', options: {} },
    ancestors: [],
    changes: packChanges(folderChanges(tree, dir)),
  };
  const written = await host.call('writeLayer', options, { signal: session.signal });
  return { name, layers: written ? [written.layer] : [], env: [], ...sizeOf(tree) };
}

function isFolder(dir: string): boolean {
  try {
    return lstatSync(`${dir}/.`).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

function withoutMounts(dir: string): FolderScope {
  const mounts = new Set(mountsBelow(dir));
  const scope = (at: string): FolderScope => ({
    mayKeep: !mounts.has(at) || at === dir,
    ignores: () => false,
    enter: name => scope(at === '/' ? `/${name}` : `${at}/${name}`),
  });
  return scope(dir);
}

/** A file with several names counts once. */
function sizeOf(tree: Tree): Pick<BenchSubject, 'entries' | 'bytes' | 'files'> {
  let [entries, bytes] = [0, 0];
  const files: TreePath[] = [];
  const groups = new Set<number>();
  for (const { path, entry } of tree.walk()) {
    entries += 1;
    if (entry.type !== 'file' || (entry.linkGroup !== undefined && groups.has(entry.linkGroup))) continue;
    bytes += entry.size;
    if (entry.linkGroup !== undefined) groups.add(entry.linkGroup);
    else if (entry.size > 0) files.push(path);
  }
  return { entries, bytes, files };
}

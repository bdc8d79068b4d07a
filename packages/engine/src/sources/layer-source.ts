import { VarveError } from '../model/error.js';
import type { Layer } from '../model/layer.js';
import type { TreePath } from '../model/path.js';
import type { LayerToc } from '../model/toc.js';
import type { OpenedSource } from '../plugin/instruction.js';
import type { Trees } from './trees.js';

/** Takes files out of layers' blobs into plain files; gives where each path's content lies. */
export type Spill = (
  layers: readonly { readonly layer: Layer; readonly paths: readonly TreePath[] }[],
) => Promise<ReadonlyMap<TreePath, string>>;

/**
 * The files of a stage or an image, as a source of COPY. No root file system is needed: the tree says which layer holds the content of a
 * path, and only those layers are read, and of each file once.
 */
export async function openLayers(layers: readonly Layer[], trees: Trees, spill: Spill): Promise<OpenedSource> {
  const tree = await trees.of(layers);
  const files = new Map<TreePath, string>();
  return {
    tree,
    keepsOwners: true,
    async contents(paths) {
      const missing = paths.filter(path => !files.has(path));
      if (missing.length > 0) {
        const wanted = holders(layers, await trees.tocs(layers), missing);
        const spilled = await spill(wanted.byLayer);
        for (const path of missing) files.set(path, spilledFile(spilled, path, wanted.first.get(path)));
      }
      return paths.map(path => ({ kind: 'path', path: files.get(path) as string }));
    },
  };
}

function spilledFile(spilled: ReadonlyMap<TreePath, string>, path: TreePath, holder: TreePath | undefined): string {
  const file = holder === undefined ? undefined : spilled.get(holder);
  if (file !== undefined) return file;
  throw new VarveError('E_LAYER_INVALID', `"${path}" is in the tree of the source but not in its layers`);
}

interface Holders {
  /** The layers to be read, each with the paths whose content it holds. */
  readonly byLayer: readonly { readonly layer: Layer; readonly paths: readonly TreePath[] }[];
  /** The name under which a layer holds the content of a path: another one where the path is a hard link. */
  readonly first: ReadonlyMap<TreePath, TreePath>;
}

/** Finds, from the top layer down, who holds each path's content. */
function holders(layers: readonly Layer[], tocs: readonly LayerToc[], paths: readonly TreePath[]): Holders {
  const open = new Set(paths);
  const first = new Map<TreePath, TreePath>();
  const byLayer: { layer: Layer; paths: TreePath[] }[] = [];
  for (let index = layers.length - 1; index >= 0 && open.size > 0; index--) {
    const found = new Set<TreePath>();
    for (const entry of (tocs[index] as LayerToc).entries) {
      if (entry.kind !== 'write' || entry.entry.type !== 'file' || !open.has(entry.path)) continue;
      const holder = entry.linkTo === undefined ? entry.path : (first.get(entry.linkTo) ?? entry.linkTo);
      first.set(entry.path, holder);
      found.add(entry.path);
    }
    for (const path of found) open.delete(path);
    const wanted = new Set([...found].map(path => first.get(path) as TreePath));
    if (wanted.size > 0) byLayer.push({ layer: layers[index] as Layer, paths: [...wanted] });
  }
  return { byLayer, first };
}

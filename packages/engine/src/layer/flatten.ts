import type { Bytes } from '../model/bytes.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { LayerEntry, LayerToc } from '../model/toc.js';
import { type Tree, treeOfLayers } from '../tree/index.js';
import { layerSink } from './read.js';
import { encodeHeaders } from './tar/encode.js';
import { fieldsOf } from './tar/fields.js';
import { blockSize } from './tar/header.js';
import { TarParser } from './tar/parser.js';
import type { LayerVisitor } from './visitor.js';
import { Slabs } from './write/slabs.js';

export interface FlattenInput {
  readonly toc: LayerToc;
  /** The uncompressed tar that the table is of. Called once, and only where something of it is left. */
  tar(): Bytes;
}

/**
 * The file system that layers make, lowest first, as one tar without whiteouts: all directories and whatever has no content in path
 * order, then the files as their layers have them. Of linked files the first path has the content. Streams; only metadata
 * is held. Errors: those of reading layers.
 */
export async function* flattenLayers(layers: readonly FlattenInput[]): Bytes {
  const tree = treeOfLayers(layers.map(layer => layer.toc));
  const files = findContents(layers, tree);
  const output = new Slabs();
  for (const { path, entry } of tree.walk()) {
    if (entry.type === 'file') continue;
    const name = path === '' ? './' : entry.type === 'directory' ? `${path}/` : path;
    output.write(encodeHeaders(fieldsOf(name, entry)));
    yield* output.takeFull();
  }
  for (const [index, layer] of layers.entries()) {
    const ofLayer = files[index];
    if (ofLayer === undefined || ofLayer.size === 0) continue;
    const parser = new TarParser(layerSink(new FileCopier(ofLayer, tree, output)));
    for await (const chunk of layer.tar()) {
      parser.push(chunk);
      yield* output.takeFull();
    }
    parser.finish();
  }
  output.writeZeros(2 * blockSize);
  yield* output.takeAll();
}

/** For each layer: the number of an entry with content → the paths that have this content in the end, in path order. */
type Contents = readonly Map<number, TreePath[]>[];

/** What a path of the final tree holds is what was written or linked there last: had it been removed since, it would not be there. */
function findContents(layers: readonly FlattenInput[], tree: Tree): Contents {
  const holders = new Map<TreePath, { readonly layer: number; readonly at: number }>();
  for (const [layer, { toc }] of layers.entries()) {
    let next = 0;
    for (const item of toc.entries) {
      const at = next++;
      if (item.kind !== 'write') continue;
      const linked = item.linkTo === undefined ? undefined : holders.get(item.linkTo);
      if (item.linkTo === undefined) holders.set(item.path, { layer, at });
      else if (linked !== undefined) holders.set(item.path, linked);
    }
  }
  const contents: Contents = layers.map(() => new Map());
  for (const { path, entry } of tree.walk()) {
    const holder = entry.type === 'file' ? holders.get(path) : undefined;
    const ofLayer = holder && contents[holder.layer];
    if (holder === undefined || ofLayer === undefined) continue;
    const paths = ofLayer.get(holder.at);
    if (paths === undefined) ofLayer.set(holder.at, [path]);
    else paths.push(path);
  }
  return contents;
}

/** Copies the files that are left of a layer, each under the names that it has in the end. */
class FileCopier implements LayerVisitor {
  readonly #wanted: ReadonlyMap<number, readonly TreePath[]>;
  readonly #tree: Tree;
  readonly #output: Slabs;
  #at = -1;
  #open: { readonly paths: readonly TreePath[]; readonly size: number } | undefined;

  constructor(wanted: ReadonlyMap<number, readonly TreePath[]>, tree: Tree, output: Slabs) {
    this.#wanted = wanted;
    this.#tree = tree;
    this.#output = output;
  }

  begin(item: LayerEntry): void {
    this.#at++;
    const paths = this.#wanted.get(this.#at);
    if (paths === undefined || item.kind !== 'write') return;
    const [first = item.path] = paths;
    this.#open = { paths, size: item.entry.size };
    this.#output.write(encodeHeaders(fieldsOf(first, { ...this.#entry(first, item.entry), size: item.entry.size })));
  }

  data(chunk: Uint8Array): void {
    if (this.#open !== undefined) this.#output.write(chunk);
  }

  end(): void {
    if (this.#open === undefined) return;
    const { paths, size } = this.#open;
    this.#output.writeZeros((blockSize - (size % blockSize)) % blockSize);
    const [first = '', ...others] = paths;
    for (const path of others) {
      const { xattrs: _, ...entry } = this.#entry(path, this.#entry(first));
      this.#output.write(encodeHeaders({ ...fieldsOf(path, entry), flag: '1', size: 0, link: first }));
    }
    this.#open = undefined;
  }

  #entry(path: TreePath, otherwise?: FileEntry): FileEntry {
    return (this.#tree.entry(path) ?? otherwise) as FileEntry;
  }
}

import type { Layer } from '../model/layer.js';
import type { LayerToc } from '../model/toc.js';
import type { Tocs } from '../store/tocs.js';
import { applyToc, emptyTree, type Tree } from '../tree/index.js';

/** Reads the tables of contents of layers that the store does not know, and puts them there. Gives them in order. */
export type ReadTocs = (layers: readonly Layer[]) => Promise<readonly LayerToc[]>;

/** Trees are some 100 bytes an entry: a few are kept, the one that was asked for longest ago goes first. */
const mostKept = 3;

/** The trees of images and stages, from what the store knows of their layers; layers it does not know are read once. */
export class Trees {
  readonly #tocs: Tocs;
  readonly #read: ReadTocs;
  readonly #kept = new Map<string, Promise<Tree>>();

  constructor(tocs: Tocs, read: ReadTocs) {
    this.#tocs = tocs;
    this.#read = read;
  }

  /** The tree of layers laid on each other, lowest first. */
  of(layers: readonly Layer[]): Promise<Tree> {
    if (layers.length === 0) return Promise.resolve(emptyTree());
    const name = nameOf(layers);
    const tree = this.#kept.get(name) ?? this.#build(layers);
    this.#kept.delete(name);
    this.#kept.set(name, tree);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    return tree;
  }

  /** Tables of contents, in order. */
  async tocs(layers: readonly Layer[]): Promise<readonly LayerToc[]> {
    const known = await Promise.all(layers.map(layer => this.#tocs.get(layer.diffId)));
    const unknown = layers.filter((_, index) => known[index] === undefined);
    const read = unknown.length === 0 ? [] : [...(await this.#read(unknown))];
    return known.map(toc => toc ?? (read.shift() as LayerToc));
  }

  async #build(layers: readonly Layer[]): Promise<Tree> {
    const below = this.#nearest(layers);
    const start = below.count === 0 ? emptyTree() : await (below.tree as Promise<Tree>);
    return (await this.tocs(layers.slice(below.count))).reduce((tree, toc) => applyToc(tree, toc), start);
  }

  /** The tree that is kept of the most of these layers. */
  #nearest(layers: readonly Layer[]): { readonly count: number; readonly tree?: Promise<Tree> } {
    for (let count = layers.length - 1; count > 0; count--) {
      const tree = this.#kept.get(nameOf(layers.slice(0, count)));
      if (tree) return { count, tree };
    }
    return { count: 0 };
  }
}

function nameOf(layers: readonly Layer[]): string {
  return layers.map(layer => layer.diffId).join(' ');
}

import { type Digest, digestOf } from '@varve/oci';
import type { Layer } from '../model/layer.js';
import type { LayerToc } from '../model/toc.js';
import type { TreeView } from '../plugin/instruction.js';
import type { KeptTrees, Tocs } from '../store/tocs.js';
import { applyTocs, applyTocsInTurns, emptyTree, Glimpse, type Tree } from '../tree/index.js';

/** Reads the tables of contents of layers that the store does not know, and puts them there. Gives them in order. */
export type ReadTocs = (layers: readonly Layer[]) => Promise<readonly LayerToc[]>;

/** Trees are some 100 bytes an entry: a few are kept, the one that was asked for longest ago goes first. */
const mostKept = 3;

/** Entries of layers from which on the tree that they make is worth a file: reading that takes a twentieth of laying them. */
const worthKeeping = 4096;

/** What the store keeps of layers. */
export interface KeptOfLayers {
  readonly tocs: Tocs;
  readonly trees: KeptTrees;
}

/** The trees of images and stages, from what the store knows of their layers; layers it does not know are read once. */
export class Trees {
  readonly #store: KeptOfLayers;
  readonly #read: ReadTocs;
  readonly #kept = new Map<string, Promise<Tree>>();
  readonly #keeping: Promise<void>[] = [];
  /** What is being read of the store before it is asked for. */
  readonly #foreseen = new Map<string, Promise<Tree | undefined>>();

  constructor(store: KeptOfLayers, read: ReadTocs) {
    this.#store = store;
    this.#read = read;
  }

  /** The tree of layers with these diffIds will be asked for: it is read where the store has it. */
  foresee(diffIds: readonly Digest[]): void {
    const name = nameOf(diffIds.map(diffId => ({ diffId })));
    const tree = this.#store.trees.get(digestOf(name));
    // Whoever asks meets the error.
    tree.catch(() => undefined);
    this.#foreseen.set(name, tree);
  }

  /** The tree of layers laid on each other, lowest first. */
  of(layers: readonly Layer[]): Promise<Tree> {
    if (layers.length === 0) return Promise.resolve(emptyTree());
    return this.#remember(layers, this.#kept.get(nameOf(layers)) ?? this.#build(layers));
  }

  /** As `of`, for somebody who may ask for little: a large tree is laid when that is not enough. */
  async look(layers: readonly Layer[]): Promise<TreeView> {
    if (layers.length === 0 || this.#kept.has(nameOf(layers))) return this.of(layers);
    const begun = await this.#begin(layers);
    const tocs = await this.tocs(layers.slice(begun.count));
    if (begun.count > 0 || sizeOf(tocs) < worthKeeping)
      return this.#remember(layers, this.#kept.get(nameOf(layers)) ?? this.#lay(layers, begun, tocs));
    return new Glimpse(tocs, () => {
      const tree = applyTocs(begun.tree, tocs);
      void this.#remember(layers, Promise.resolve(tree));
      this.#keep(layers, tree);
      return tree;
    });
  }

  /** Once what is laid of large trees is in the store. Errors: those of writing there. */
  async kept(): Promise<void> {
    await Promise.all(this.#keeping);
  }

  /** Tables of contents, in order. */
  async tocs(layers: readonly Layer[]): Promise<readonly LayerToc[]> {
    const known = await Promise.all(layers.map(layer => this.#store.tocs.get(layer.diffId)));
    const unknown = layers.filter((_, index) => known[index] === undefined);
    const read = unknown.length === 0 ? [] : [...(await this.#read(unknown))];
    return known.map(toc => toc ?? (read.shift() as LayerToc));
  }

  #remember(layers: readonly Layer[], tree: Promise<Tree>): Promise<Tree> {
    const name = nameOf(layers);
    this.#kept.delete(name);
    this.#kept.set(name, tree);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    return tree;
  }

  async #build(layers: readonly Layer[]): Promise<Tree> {
    const begun = await this.#begin(layers);
    return this.#lay(layers, begun, await this.tocs(layers.slice(begun.count)));
  }

  /** Lays what is missing of a tree; one of which that is much is kept. */
  async #lay(layers: readonly Layer[], begun: Begun, tocs: readonly LayerToc[]): Promise<Tree> {
    const tree = await applyTocsInTurns(begun.tree, tocs);
    if (sizeOf(tocs) >= worthKeeping) this.#keep(layers, tree);
    return tree;
  }

  async #begin(layers: readonly Layer[]): Promise<Begun> {
    return (await this.#nearest(layers)) ?? (await this.#stored(layers));
  }

  #keep(layers: readonly Layer[], tree: Tree): void {
    const keeping = this.#store.trees.put(digestOf(nameOf(layers)), tree);
    // Whoever ends the build hears of it.
    keeping.catch(() => undefined);
    this.#keeping.push(keeping);
  }

  /** The tree that was made of the most of these layers. */
  async #nearest(layers: readonly Layer[]): Promise<Begun | undefined> {
    for (let count = layers.length - 1; count > 0; count--) {
      const tree = this.#kept.get(nameOf(layers.slice(0, count)));
      if (tree) return { count, tree: await tree };
    }
    return undefined;
  }

  /** The tree that the store has of the most of these layers. */
  async #stored(layers: readonly Layer[]): Promise<Begun> {
    for (let count = layers.length; count > 0; count--) {
      const name = nameOf(layers.slice(0, count));
      const tree = await (this.#foreseen.get(name) ?? this.#store.trees.get(digestOf(name)));
      this.#foreseen.delete(name);
      if (tree) return { count, tree };
    }
    return { count: 0, tree: emptyTree() };
  }
}

/** A tree of the lowest layers. */
interface Begun {
  readonly count: number;
  readonly tree: Tree;
}

function sizeOf(tocs: readonly LayerToc[]): number {
  return tocs.reduce((sum, { size = 0 }) => sum + size, 0);
}

function nameOf(layers: readonly Pick<Layer, 'diffId'>[]): string {
  return layers.map(layer => layer.diffId).join(' ');
}

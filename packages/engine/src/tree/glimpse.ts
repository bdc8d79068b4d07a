import type { Change } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { LayerEntry, LayerToc } from '../model/toc.js';
import { isRootOrWithin } from '../path/name.js';
import type { TreeView } from '../plugin/instruction.js';
import { type Tree, treeOfLayers } from './tree.js';

/** Entries below one name of the root directory up to which they are looked at apart. */
const aFew = 2048;

/**
 * The tree of layers for somebody who may ask for little of it, as whoever makes a directory does: what is below one name of the root directory
 * is a tree of its own, found in the tables of contents for a twentieth of the price. Whatever that cannot tell lays all of them. The answers
 * are the same.
 */
export class Glimpse implements TreeView {
  readonly #tocs: readonly LayerToc[];
  readonly #lay: () => Tree;
  readonly #parts = new Map<string, Tree | undefined>();
  #laid: Tree | undefined;

  /** `lay` lays the layers on each other: it is called once, when it has to be. */
  constructor(tocs: readonly LayerToc[], lay: () => Tree) {
    this.#tocs = tocs;
    this.#lay = lay;
  }

  entry(path: TreePath): FileEntry | undefined {
    const [top = ''] = path.split('/', 1);
    return this.#about(top).entry(path);
  }

  list(path: TreePath): readonly string[] {
    const [top = ''] = path.split('/', 1);
    return (top === '' ? this.#whole : this.#about(top)).list(path);
  }

  resolve(path: string, options?: { readonly followLast?: boolean }): TreePath {
    const names = path.split('/').filter(name => name !== '' && name !== '.');
    const leadsAway = names.includes('..');
    return (leadsAway ? this.#whole : this.#about(names[0] ?? '')).resolve(path, options);
  }

  after(changes: Iterable<Change>): TreeView {
    return this.#whole.after(changes);
  }

  get passwd(): string {
    return this.#whole.passwd;
  }

  get group(): string {
    return this.#whole.group;
  }

  get #whole(): Tree {
    this.#laid ??= this.#lay();
    return this.#laid;
  }

  /** What can tell of a name of the root directory. */
  #about(top: string): Tree {
    if (this.#laid) return this.#laid;
    // The root directory is in each of them.
    const [any] = this.#parts.values();
    if (top === '' && any) return any;
    if (!this.#parts.has(top)) this.#parts.set(top, partOf(this.#tocs, top));
    return this.#parts.get(top) ?? this.#whole;
  }
}

/** The tree below one name; undefined where others have a say in it, by links, or where it is large. */
function partOf(tocs: readonly LayerToc[], top: string): Tree | undefined {
  const parts: (readonly LayerEntry[])[] = [];
  let left = aFew;
  for (const toc of tocs) {
    const found: LayerEntry[] = [];
    for (const item of toc.entries.under?.(top) ?? under(toc, top)) {
      if (left-- === 0 || hasLinks(item)) return undefined;
      found.push(item);
    }
    parts.push(found);
  }
  return treeOfLayers(parts.map(entries => ({ entries })));
}

function* under({ entries }: LayerToc, top: string): Generator<LayerEntry, void, undefined> {
  for (const item of entries) if (isRootOrWithin(top, item.path)) yield item;
}

function hasLinks(item: LayerEntry): boolean {
  return (
    item.kind === 'write' &&
    (item.linkTo !== undefined || item.entry.linkGroup !== undefined || item.entry.type === 'symlink')
  );
}

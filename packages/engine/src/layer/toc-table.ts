import type { FileEntry, FileType } from '../model/file-entry.js';
import type { LayerEntry, LayerMark } from '../model/toc.js';
import { longerRows, numbersSize, type Rows, readNumbers, rowsOver, writeNumbers } from './entry-numbers.js';

/** Bytes of an entry: kind and type, then its numbers. */
export const rowSize = 1 + numbersSize;

const types: readonly FileType[] = ['file', 'directory', 'symlink', 'char', 'block', 'fifo'];
const kinds = ['write', 'whiteout', 'opaque'] as const;
const hasLink = 0x40;

/** Name and version of the format of tables, in memory and stored. */
export const tocFormat = 'varve-toc-000002';

/** What few entries have, by their number. */
export interface Rare {
  readonly at: number;
  readonly device?: FileEntry['device'];
  readonly linkGroup?: number;
  /** Names and values, these in base64. */
  readonly xattrs?: readonly (readonly [string, string])[];
}

/** What a table is made of; whoever stores it stores these. */
export interface TocParts {
  /** `rowSize` bytes an entry, little endian. */
  readonly rows: Buffer;
  readonly paths: readonly string[];
  /** Targets of links, in the order of the entries that have one; of a hard link to a symbolic link, both. */
  readonly links: readonly string[];
  readonly rare: readonly Rare[];
}

/**
 * Entries of a layer in little memory: some 100 bytes each, most of it the path. An entry is made into an object when it is asked
 * for and not kept, so going through a table of 50,000 costs no more than one of 50.
 */
export class TocTable implements Iterable<LayerEntry> {
  readonly format = tocFormat;
  #rows: Rows;
  readonly #paths: string[];
  readonly #links: string[];
  readonly #rare: Rare[];

  constructor(parts: TocParts = { rows: Buffer.alloc(rowSize * 64), paths: [], links: [], rare: [] }) {
    this.#rows = rowsOver(parts.rows);
    this.#paths = parts.paths.slice();
    this.#links = parts.links.slice();
    this.#rare = parts.rare.slice();
  }

  /** Whether entries are a table of this format. Plugins carry classes of their own, so it is not asked for the class. */
  static is(entries: Iterable<LayerEntry>): entries is TocTable {
    return 'format' in entries && entries.format === tocFormat;
  }

  get size(): number {
    return this.#paths.length;
  }

  add(item: LayerEntry): void {
    const at = this.#paths.length;
    if ((at + 1) * rowSize > this.#rows.bytes.length) this.#rows = longerRows(this.#rows);
    this.#paths.push(item.path);
    const row = at * rowSize;
    const kind = kinds.indexOf(item.kind) << 4;
    if (item.kind !== 'write') {
      this.#rows.bytes[row] = kind;
      return;
    }
    const { entry, linkTo } = item;
    this.#rows.bytes[row] = kind | types.indexOf(entry.type) | (linkTo === undefined ? 0 : hasLink);
    if (linkTo !== undefined) this.#links.push(linkTo);
    if (entry.type === 'symlink') this.#links.push(entry.linkTarget ?? '');
    writeNumbers(this.#rows, row + 1, entry);
    const more = rareOf(at, entry);
    if (more !== undefined) this.#rare.push(more);
  }

  *[Symbol.iterator](): Generator<LayerEntry, void, undefined> {
    let link = 0;
    let rare = 0;
    for (const [at, path] of this.#paths.entries()) {
      const row = at * rowSize;
      const flags = this.#rows.bytes[row] as number;
      const kind = kinds[(flags >> 4) & 3] ?? 'write';
      if (kind !== 'write') {
        yield { kind, path };
        continue;
      }
      const type = types[flags & 0xf] ?? 'file';
      const linkTo = (flags & hasLink) === 0 ? undefined : this.#links[link++];
      const target = type === 'symlink' ? { linkTarget: this.#links[link++] ?? '' } : undefined;
      const more = this.#rare[rare]?.at === at ? this.#rare[rare++] : undefined;
      const numbers = readNumbers(this.#rows, row + 1, type);
      // Most entries have neither; copying all of them would double the time.
      const entry =
        target === undefined && more === undefined ? numbers : { ...numbers, ...target, ...decodeRare(more) };
      yield linkTo === undefined ? { kind, path, entry } : { kind, path, entry, linkTo };
    }
  }

  /** The entries that hide something of lower layers: most layers have few of them or none. */
  marks(): readonly LayerMark[] {
    const marks: LayerMark[] = [];
    for (let at = 0; at < this.size; at++) {
      const kind = kinds[((this.#rows.bytes[at * rowSize] as number) >> 4) & 3];
      if (kind === 'whiteout' || kind === 'opaque') marks.push({ kind, path: this.#paths[at] as string });
    }
    return marks;
  }

  parts(): TocParts {
    return {
      rows: this.#rows.bytes.subarray(0, this.size * rowSize),
      paths: this.#paths,
      links: this.#links,
      rare: this.#rare,
    };
  }
}

function rareOf(at: number, entry: FileEntry): Rare | undefined {
  const { device, linkGroup, xattrs } = entry;
  if (device === undefined && linkGroup === undefined && xattrs === undefined) return undefined;
  const values = xattrs && [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')] as const);
  return {
    at,
    ...(device === undefined ? {} : { device }),
    ...(linkGroup === undefined ? {} : { linkGroup }),
    ...(values === undefined ? {} : { xattrs: values }),
  };
}

function decodeRare(rare: Rare | undefined): Partial<FileEntry> {
  const { device, linkGroup, xattrs } = rare ?? {};
  return {
    ...(device === undefined ? {} : { device }),
    ...(linkGroup === undefined ? {} : { linkGroup }),
    ...(xattrs === undefined
      ? {}
      : { xattrs: new Map(xattrs.map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))])) }),
  };
}

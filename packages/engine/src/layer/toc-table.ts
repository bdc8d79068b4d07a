import type { FileEntry, FileType } from '../model/file-entry.js';
import type { LayerEntry, LayerMark } from '../model/toc.js';
import { isRootOrWithin } from '../path/name.js';
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
  /** One for each entry; as one text, with NUL between them, they are taken apart when that is needed. */
  readonly paths: readonly string[] | string;
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
  #paths: string[] | string;
  readonly #links: string[];
  readonly #rare: Rare[];

  constructor(parts: TocParts = { rows: Buffer.alloc(rowSize * 64), paths: [], links: [], rare: [] }) {
    this.#rows = rowsOver(parts.rows);
    this.#paths = typeof parts.paths === 'string' ? parts.paths : [...parts.paths];
    this.#links = parts.links.slice();
    this.#rare = parts.rare.slice();
  }

  /** Whether entries are a table of this format. Plugins carry classes of their own, so it is not asked for the class. */
  static is(entries: Iterable<LayerEntry>): entries is TocTable {
    return 'format' in entries && entries.format === tocFormat;
  }

  get size(): number {
    return typeof this.#paths === 'string' ? this.#rows.bytes.length / rowSize : this.#paths.length;
  }

  add(item: LayerEntry): void {
    const paths = this.#list();
    const at = paths.length;
    if ((at + 1) * rowSize > this.#rows.bytes.length) this.#rows = longerRows(this.#rows);
    paths.push(item.path);
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

  [Symbol.iterator](): Generator<LayerEntry, void, undefined> {
    return this.#entries(this.#each());
  }

  /** The entries of the root directory, of a name in it and of what is below that, in order. */
  under(name: string): Iterable<LayerEntry> {
    // Most names that are asked for are not in a base: one search tells, and all paths need not be taken apart.
    const root = typeof this.#paths === 'string' ? onlyRoot(this.#paths, name) : undefined;
    if (root === -1) return [];
    if (root !== undefined && this.#rows.bytes[root * rowSize] === types.indexOf('directory'))
      return this.#entries([''], { from: root });
    return this.#entries(this.#each(), { isWanted: path => isRootOrWithin(name, path) });
  }

  /** The paths in order. Where they are one text, each is made when its turn comes, and garbage right after. */
  #each(): Iterable<string> {
    return typeof this.#paths === 'string' ? namesIn(this.#paths) : this.#paths;
  }

  #list(): string[] {
    if (typeof this.#paths === 'string') this.#paths = this.#paths.split('\0');
    return this.#paths;
  }

  /** The entries of these paths, of which the first has the number `from`: those before it that have links would have to be counted. */
  *#entries(
    paths: Iterable<string>,
    { from = 0, isWanted = () => true }: { readonly from?: number; readonly isWanted?: (path: string) => boolean } = {},
  ): Generator<LayerEntry, void, undefined> {
    let link = 0;
    let rare = from === 0 ? 0 : this.#rare.filter(({ at }) => at < from).length;
    let next = from;
    for (const path of paths) {
      const at = next++;
      const row = at * rowSize;
      const flags = this.#rows.bytes[row] as number;
      const kind = kinds[(flags >> 4) & 3] ?? 'write';
      if (kind !== 'write') {
        if (isWanted(path)) yield { kind, path };
        continue;
      }
      const type = types[flags & 0xf] ?? 'file';
      const linkTo = (flags & hasLink) === 0 ? undefined : this.#links[link++];
      const target = type === 'symlink' ? { linkTarget: this.#links[link++] ?? '' } : undefined;
      const more = this.#rare[rare]?.at === at ? this.#rare[rare++] : undefined;
      if (!isWanted(path)) continue;
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
      if (kind === 'whiteout' || kind === 'opaque') marks.push({ kind, path: this.#list()[at] as string });
    }
    return marks;
  }

  parts(): TocParts & { readonly paths: readonly string[] } {
    return {
      rows: this.#rows.bytes.subarray(0, this.size * rowSize),
      paths: this.#list(),
      links: this.#links,
      rare: this.#rare,
    };
  }
}

function* namesIn(text: string): Generator<string, void, undefined> {
  let start = 0;
  for (let end = text.indexOf('\0'); end !== -1; end = text.indexOf('\0', start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  yield text.slice(start);
}

/**
 * Where paths hold nothing of a name, the number of the one that is the root directory, -1 if it is not among them. Undefined: some of them
 * are of that name, or it takes more to tell.
 */
function onlyRoot(paths: string, name: string): number | undefined {
  const begun = `\0${name}`;
  for (let at = paths.indexOf(begun); at !== -1; at = paths.indexOf(begun, at + 1)) {
    const next = paths[at + begun.length];
    if (next === undefined || next === '\0' || next === '/') return undefined;
  }
  if (paths === '' || paths.startsWith(name) || paths.endsWith('\0')) return undefined;
  if (paths.startsWith('\0')) return paths.includes('\0\0') ? undefined : 0;
  const root = paths.indexOf('\0\0');
  if (root === -1) return -1;
  if (paths.includes('\0\0', root + 1)) return undefined;
  let before = 0;
  for (let at = paths.indexOf('\0'); at <= root; at = paths.indexOf('\0', at + 1)) before++;
  return before;
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

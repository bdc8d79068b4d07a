import { TocTable } from '../layer/toc-table.js';
import type { Change } from '../model/change.js';
import { bytesToPath, pathToBytes } from '../path/bytes.js';

/**
 * Changes as they cross to another process or thread: in a few pieces of memory. As objects, tens of thousands of them take a tenth of a second
 * to send and receive, and every collection of garbage in the thread that writes them has to look at them.
 */
export interface PackedChanges {
  /** Kind, type and numbers of each, as in a table of contents. */
  readonly rows: Uint8Array;
  /** {@link marks} of each. */
  readonly marks: Uint8Array;
  /** Paths, targets of links and places of contents, each as one text. */
  readonly paths: Uint8Array;
  readonly links: Uint8Array;
  readonly places: Uint8Array;
  /** What few have, as JSON. */
  readonly rare: string;
  /** Contents that are in no file. */
  readonly contents: readonly Uint8Array[];
}

const marks = { plain: 0, inFile: 1, atHand: 2, replaced: 3 } as const;

export function packChanges(changes: Iterable<Change>): PackedChanges {
  const table = new TocTable();
  const marked: number[] = [];
  const places: string[] = [];
  const contents: Uint8Array[] = [];
  for (const change of changes) {
    const { kind, path } = change;
    table.add(kind === 'delete' ? { kind: 'whiteout', path } : { kind: 'write', path, entry: change.entry });
    const content = kind === 'write' ? change.content : undefined;
    if (content?.kind === 'path')
      places.push(typeof content.path === 'string' ? content.path : bytesToPath(content.path));
    if (content?.kind === 'bytes') contents.push(content.bytes);
    const mark = content?.kind === 'path' ? 'inFile' : content ? 'atHand' : kind === 'replace' ? 'replaced' : 'plain';
    marked.push(marks[mark]);
  }
  const parts = table.parts();
  return {
    rows: Uint8Array.from(parts.rows),
    marks: Uint8Array.from(marked),
    paths: joined(parts.paths),
    links: joined(parts.links),
    places: joined(places),
    rare: JSON.stringify(parts.rare),
    contents,
  };
}

/** The same changes, each made when it is asked for. */
export function* unpackChanges(packed: PackedChanges): Generator<Change, void, undefined> {
  const [paths, links, places] = [packed.paths, packed.links, packed.places].map(parted) as [
    string[],
    string[],
    string[],
  ];
  const table = new TocTable({ rows: Buffer.from(packed.rows), paths, links, rare: JSON.parse(packed.rare) });
  let at = 0;
  let place = 0;
  let content = 0;
  for (const item of table) {
    const { path } = item;
    const mark = packed.marks[at++];
    if (item.kind !== 'write') yield { kind: 'delete', path };
    else if (mark === marks.replaced) yield { kind: 'replace', path, entry: item.entry };
    else if (mark === marks.plain) yield { kind: 'write', path, entry: item.entry };
    else if (mark === marks.inFile)
      yield { kind: 'write', path, entry: item.entry, content: { kind: 'path', path: places[place++] as string } };
    else {
      const bytes = packed.contents[content++] as Uint8Array;
      yield { kind: 'write', path, entry: item.entry, content: { kind: 'bytes', bytes } };
    }
  }
}

/** Nothing is no text; one empty text is the separator alone. */
function joined(texts: readonly string[]): Uint8Array {
  return Uint8Array.from(pathToBytes(texts.map(text => `${text}\0`).join('')));
}

function parted(bytes: Uint8Array): string[] {
  return bytesToPath(bytes).split('\0').slice(0, -1);
}

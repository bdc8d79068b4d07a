import { crc32 } from 'node:zlib';
import { VarveError } from '../model/error.js';
import type { LayerToc } from '../model/toc.js';
import { bytesToPath, pathToBytes } from '../path/bytes.js';
import { type Rare, rowSize, TocTable, tocFormat } from './toc-table.js';

/** First bytes of an encoded table. */
const magic = Buffer.from(tocFormat);
/** Magic, then the number of entries and the sizes of three texts. */
const headSize = 32;

/**
 * A table of contents as bytes: magic, number of entries, a row of numbers for each, then three texts with their lengths (paths; targets
 * of links; the rest as JSON), CRC-32 of all before. Independent of the Node that wrote it.
 */
export function encodeToc(toc: LayerToc): Buffer {
  const { rows, paths, links, rare } = tableOf(toc).parts();
  const rest = JSON.stringify({ passwd: toc.passwd, group: toc.group, rare });
  const texts = [paths.join('\0'), links.join('\0'), rest].map(pathToBytes);
  const head = Buffer.alloc(headSize);
  magic.copy(head);
  for (const [i, size] of [paths.length, ...texts.map(text => text.length)].entries())
    head.writeUInt32LE(size, 16 + i * 4);
  const bytes = Buffer.concat([head, rows, ...texts, Buffer.alloc(4)]);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

function tableOf({ entries }: LayerToc): TocTable {
  if (TocTable.is(entries)) return entries;
  const table = new TocTable();
  for (const entry of entries) table.add(entry);
  return table;
}

/** Reads what {@link encodeToc} made. Errors: `E_TOC_DAMAGED` for anything else: truncated, foreign, of another version. */
export function decodeToc(bytes: Uint8Array): LayerToc {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.length - 4;
  if (end < headSize || !buffer.subarray(0, 16).equals(magic)) throw damaged('is none, or of another version');
  if (crc32(buffer.subarray(0, end)) !== buffer.readUInt32LE(end)) throw damaged('is incomplete');
  const count = buffer.readUInt32LE(16);
  let at = headSize + count * rowSize;
  const rows = buffer.subarray(headSize, at);
  const [paths, links, rest] = [20, 24, 28].map(place => {
    const text = bytesToPath(buffer.subarray(at, at + buffer.readUInt32LE(place)));
    at += buffer.readUInt32LE(place);
    return text;
  }) as [string, string, string];
  const { passwd, group, rare } = JSON.parse(rest) as Pick<LayerToc, 'passwd' | 'group'> & {
    readonly rare: readonly Rare[];
  };
  const entries = new TocTable({ rows, paths: count === 0 ? [] : paths, links: links.split('\0'), rare });
  return {
    entries,
    marks: entries.marks(),
    size: count,
    ...(passwd === undefined ? {} : { passwd }),
    ...(group === undefined ? {} : { group }),
  };
}

function damaged(why: string): VarveError {
  return new VarveError('E_TOC_DAMAGED', `the stored table of contents of a layer ${why}`);
}

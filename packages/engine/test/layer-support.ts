import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { readLayer } from '../src/layer/read.js';
import { encodeHeaders, type TarFields } from '../src/layer/tar/encode.js';
import type { WriteLayerOptions } from '../src/layer/write/options.js';
import { writeLayerTar } from '../src/layer/write/write-layer-tar.js';
import type { Bytes } from '../src/model/bytes.js';
import type { Change, ChangeSet } from '../src/model/change.js';
import type { FileEntry } from '../src/model/file-entry.js';
import type { TreePath } from '../src/model/path.js';
import type { LayerEntry } from '../src/model/toc.js';
import { bytesToPath, onDisk } from '../src/path/bytes.js';
import { childPath } from '../src/path/name.js';
import { decodeDevice } from '../src/sys/nodes.js';
import { readXattrs } from '../src/sys/xattr.js';

export const isRoot = process.getuid?.() === 0;

/** A folder that is gone after the tests of the file. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'varve-layer-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function* chunked(bytes: Uint8Array, size = 1 << 20): Bytes {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function gather(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const plain = {
  mode: 0o644,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  size: 0,
  mtimeNs: 0n,
} as const;

/** One entry of a tar: headers as given, content behind them. */
export function item(fields: Partial<TarFields> & { path: string }, content = ''): Buffer {
  const data = Buffer.from(content);
  const flag = fields.flag ?? (fields.path.endsWith('/') ? '5' : '0');
  const mode = fields.mode ?? (flag === '5' ? 0o755 : 0o644);
  const headers = encodeHeaders({ ...plain, ...fields, flag, mode, size: fields.size ?? data.length });
  return Buffer.concat([headers, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** An entry of a type that is never written. */
export function withFlag(entry: Buffer, flag: string): Buffer {
  const header = Buffer.from(entry.subarray(0, 512));
  header.write(flag, 156, 'latin1');
  header.fill(0x20, 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, entry.subarray(512)]);
}

export function tarOf(...items: readonly Buffer[]): Buffer {
  return Buffer.concat([...items, Buffer.alloc(1024)]);
}

/** All entries of a tar with the content of files. */
export async function listLayer(tar: Buffer, chunkSize?: number): Promise<{ entry: LayerEntry; content: string }[]> {
  const found: { entry: LayerEntry; content: string }[] = [];
  let chunks: Buffer[] = [];
  await readLayer(chunked(tar, chunkSize), {
    begin: entry => void found.push({ entry, content: '' }),
    data: chunk => void chunks.push(Buffer.from(chunk)),
    end: () => {
      (found.at(-1) as { content: string }).content = Buffer.concat(chunks).toString('latin1');
      chunks = [];
    },
  });
  return found;
}

export function file(more: Partial<FileEntry> = {}): FileEntry {
  return { type: 'file', ...plain, ...more };
}
export function directory(more: Partial<FileEntry> = {}): FileEntry {
  return { type: 'directory', ...plain, mode: 0o755, ...more };
}
export function write(path: TreePath, entry: FileEntry, text?: string): Change {
  if (text === undefined) return { kind: 'write', path, entry };
  const bytes = Buffer.from(text);
  return { kind: 'write', path, entry: { ...entry, size: bytes.length }, content: { kind: 'bytes', bytes } };
}

/** The tar of changes; missing ancestors are plain directories. */
export function writeTar(changes: ChangeSet, options: Partial<WriteLayerOptions> = {}): Promise<Buffer> {
  return gather(writeLayerTar(changes, { ancestor: () => directory(), ...options }));
}

/** What is below a folder, the folder itself as `''`: everything that a layer can say, and the content of files. */
export function scan(dir: string): Map<TreePath, Record<string, unknown>> {
  const found = new Map<TreePath, Record<string, unknown>>();
  const inodes = new Map<string, TreePath>();
  const visit = (path: TreePath): void => {
    const place = onDisk(dir, path);
    const stat = lstatSync(place, { bigint: true });
    const isFile = stat.isFile();
    const first = stat.nlink > 1n && !stat.isDirectory() ? inodes.get(String(stat.ino)) : undefined;
    if (!stat.isDirectory()) inodes.set(String(stat.ino), first ?? path);
    const xattrs = readXattrs(place);
    found.set(path, {
      mode: Number(stat.mode).toString(8),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtimeNs: stat.mtimeNs,
      ...(isFile ? { content: createHash('sha256').update(readFileSync(place)).digest('hex') } : {}),
      ...(stat.isSymbolicLink() ? { target: bytesToPath(readlinkSync(place, { encoding: 'buffer' })) } : {}),
      ...(stat.isBlockDevice() || stat.isCharacterDevice() ? { device: decodeDevice(stat.rdev) } : {}),
      ...(first === undefined ? {} : { first }),
      ...(xattrs === undefined
        ? {}
        : { xattrs: [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('hex')]) }),
    });
    if (!stat.isDirectory()) return;
    const names = readdirSync(place, { encoding: 'buffer' }).map(bytesToPath).sort();
    for (const name of names) visit(childPath(path, name));
  };
  visit('');
  return found;
}

import { closeSync, ftruncateSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../model/bytes.js';
import type { TreePath } from '../model/path.js';
import type { LayerEntry } from '../model/toc.js';
import type { ArchiveMember } from '../plugin/instruction.js';
import { readLayer } from './read.js';
import type { LayerVisitor } from './visitor.js';

/**
 * Takes the contents of some files out of a layer into plain files (mode 0600, numbered, in a folder of their own below `dir`), and tells
 * where each one lies. A path that is a hard link is found under the file that it names. Paths that the layer does not write
 * as files are not in the answer. The tar is read to its end. Errors: those of `readLayer` and of writing.
 */
export async function spillLayer(
  tar: Bytes,
  paths: Iterable<TreePath>,
  dir: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<TreePath, string>> {
  const wanted = new Set(paths);
  const spill = new SpillVisitor(dir, path => wanted.has(path));
  try {
    await readLayer(tar, spill, signal);
  } finally {
    spill.close();
  }
  const files = new Map<TreePath, string>();
  for (const { entry, content } of spill.members) {
    if (entry.kind !== 'write' || !wanted.has(entry.path)) continue;
    const linked = entry.linkTo === undefined ? undefined : files.get(entry.linkTo);
    if (content?.kind === 'path') files.set(entry.path, content.path as string);
    else if (linked !== undefined) files.set(entry.path, linked);
    else files.delete(entry.path);
  }
  return files;
}

/** Writes contents that go by into plain files, and lists the entries. */
export class SpillVisitor implements LayerVisitor {
  readonly members: ArchiveMember[] = [];
  readonly #dir: string;
  readonly #wants: (path: TreePath) => boolean;
  #fd: number | undefined;
  /** Bytes of the file so far. */
  #size = 0;

  constructor(dir: string, wants: (path: TreePath) => boolean = () => true) {
    this.#dir = mkdtempSync(join(dir, 'spill-'));
    this.#wants = wants;
  }

  begin(entry: LayerEntry): void {
    if (!this.#wants(entry.path)) return;
    const isFile = entry.kind === 'write' && entry.entry.type === 'file' && entry.linkTo === undefined;
    if (!isFile) {
      this.members.push({ entry });
      return;
    }
    const path = join(this.#dir, String(this.members.length));
    this.#fd = openSync(path, 'wx', 0o600);
    this.#size = 0;
    this.members.push({ entry, content: { kind: 'path', path } });
  }

  data(chunk: Uint8Array): void {
    if (this.#fd === undefined) return;
    for (let at = 0; at < chunk.length; ) {
      const written = writeSync(this.#fd, chunk, at, chunk.length - at, this.#size);
      at += written;
      this.#size += written;
    }
  }

  hole(length: number): void {
    this.#size += length;
    if (this.#fd !== undefined) ftruncateSync(this.#fd, this.#size);
  }

  end(): void {
    this.close();
  }

  /** To be called when reading ends early, too. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

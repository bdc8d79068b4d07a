import type { Change, FileContent } from '../../model/change.js';
import { VarveError } from '../../model/error.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import type { LayerEntry } from '../../model/toc.js';
import { childPath, isWithin, nameOf, parentOf } from '../../path/name.js';
import { comparePaths } from '../../path/order.js';
import { HeaderEncoder, type TarFields } from '../tar/encode.js';
import { fieldsOf } from '../tar/fields.js';
import { blockSize } from '../tar/header.js';
import type { LayerVisitor } from '../visitor.js';
import { finalEntry } from './final-entry.js';
import { ContentReader, isSameVersion, type OpenContent } from './open-content.js';
import type { WriteLayerOptions } from './options.js';
import { Slabs } from './slabs.js';
import { steadyCopy } from './steady-copy.js';

/** Files up to here are read at once, before their header is written, and again if they changed meanwhile. */
const largestAtOnce = 1024 * 1024;
/** So long it is waited for a file that changes before it is read again, in milliseconds. */
const pauses = [0, 0, 1, 4, 16];

/** Puts changes into a tar, one by one. Pieces of the tar are taken from `output` between the steps of the generators. */
export class LayerWriter {
  readonly output = new Slabs();
  readonly #options: WriteLayerOptions;
  readonly #reader = new ContentReader();
  readonly #headers = new HeaderEncoder();
  readonly #visitor: LayerVisitor | undefined;
  /** Directories that are in the layer and hold the path that was written last, outermost first. The root is not among them. */
  readonly #open: TreePath[] = [];
  readonly #groups = new Map<number, { readonly path: TreePath; readonly entry: FileEntry }>();
  #last: TreePath | undefined;

  constructor(options: WriteLayerOptions) {
    this.#options = options;
    this.#visitor = options.visitor;
  }

  /** Writes one change. Gives way to the caller while large contents are read, so that output can be taken. */
  *write(change: Change): Generator<void, void, undefined> {
    this.#checkOrder(change.path);
    this.#writeAncestors(change.path);
    if (change.kind === 'delete') {
      this.#writeMark({ kind: 'whiteout', path: change.path });
      return;
    }
    if (!this.#options.isPlain && nameOf(change.path).startsWith('.wh.')) throw reservedName(change.path);
    if (change.kind === 'replace' || change.entry.type === 'directory') {
      if (change.entry.type !== 'directory')
        throw invalidChanges(change.path, 'only a directory can be replaced as one');
      this.#writeDirectory(change.path, change.entry);
      if (change.kind === 'replace') this.#writeMark({ kind: 'opaque', path: change.path });
      return;
    }
    yield* this.#writeEntry(change.path, change.entry, change.content);
  }

  /** The end of the tar. */
  end(): void {
    this.output.writeZeros(2 * blockSize);
  }

  #checkOrder(path: TreePath): void {
    if (this.#last !== undefined && comparePaths(this.#last, path) >= 0) {
      throw invalidChanges(path, `comes after ${JSON.stringify(this.#last)}, against the order of paths`);
    }
    this.#last = path;
  }

  /** Every directory above an entry is in the layer, once, or loaders would reset its mode and owner. */
  #writeAncestors(path: TreePath): void {
    const open = this.#open;
    while (open.length > 0 && !isWithin(open.at(-1) as TreePath, path)) open.pop();
    const missing: TreePath[] = [];
    for (let dir = parentOf(path); dir !== '' && dir !== open.at(-1); dir = parentOf(dir)) missing.push(dir);
    for (const dir of missing.reverse()) {
      const entry = this.#options.ancestor(dir);
      if (entry?.type !== 'directory') {
        throw invalidChanges(path, `lies in ${JSON.stringify(dir)}, which is no directory of the tree`);
      }
      this.#writeDirectory(dir, entry);
    }
  }

  #writeDirectory(path: TreePath, given: FileEntry): void {
    const entry = finalEntry(path, { ...given, size: 0 }, this.#options.clampMtimeNs);
    this.#writeHeaders(path === '' ? './' : `${path}/`, entry);
    this.#tell({ kind: 'write', path, entry });
    if (path !== '') this.#open.push(path);
  }

  /** Whiteouts and opaque marks (image-spec, layer.md): empty files whose metadata mean nothing, and so are always the same. */
  #writeMark(mark: Extract<LayerEntry, { kind: 'whiteout' | 'opaque' }>): void {
    if (mark.kind === 'whiteout' && mark.path === '') throw invalidChanges('', 'the root cannot be deleted');
    const name =
      mark.kind === 'opaque'
        ? childPath(mark.path, '.wh..wh..opq')
        : childPath(parentOf(mark.path), `.wh.${nameOf(mark.path)}`);
    this.#put({ path: name, flag: '0', mode: 0, uid: 0, gid: 0, size: 0, mtimeNs: 0n });
    this.#tell(mark);
  }

  *#writeEntry(path: TreePath, given: FileEntry, content?: FileContent): Generator<void, void, undefined> {
    const group = given.linkGroup;
    const first = group === undefined ? undefined : this.#groups.get(group);
    if (first !== undefined) {
      const { path: linkTo, entry } = first;
      this.#put({ ...fieldsOf(path, entry), flag: '1', size: 0, link: linkTo, device: undefined, xattrs: undefined });
      this.#tell({ kind: 'write', path, entry, linkTo });
      return;
    }
    const base = finalEntry(path, given, this.#options.clampMtimeNs);
    let written: FileEntry | undefined;
    if (base.type !== 'file') {
      written = { ...base, size: 0 };
      this.#writeHeaders(path, written);
      this.#tell({ kind: 'write', path, entry: written });
    } else if (content?.kind === 'path') {
      written = yield* this.#writeFile(path, base, content);
    } else written = yield* this.#writeBytes(path, base, content?.bytes);
    if (group !== undefined && written !== undefined) this.#groups.set(group, { path, entry: written });
  }

  *#writeBytes(
    path: TreePath,
    base: FileEntry,
    bytes: Uint8Array = new Uint8Array(),
  ): Generator<void, FileEntry, undefined> {
    if (bytes.length !== base.size)
      throw invalidChanges(path, `has ${bytes.length} bytes and not ${base.size} as it says`);
    this.#writeHeaders(path, base);
    this.#visitor?.begin({ kind: 'write', path, entry: base });
    for (let at = 0; at < bytes.length; at += largestAtOnce) {
      const part = bytes.subarray(at, at + largestAtOnce);
      this.output.write(part);
      this.#visitor?.data(part);
      yield;
    }
    this.#visitor?.end();
    this.#pad(base.size);
    return base;
  }

  *#writeFile(
    path: TreePath,
    base: FileEntry,
    content: Extract<FileContent, { kind: 'path' }>,
  ): Generator<void, FileEntry | undefined, undefined> {
    const file = this.#reader.open(content);
    if (file === undefined) {
      if (this.#options.vanished !== 'whiteout') throw vanishedFile(path);
      this.#writeMark({ kind: 'whiteout', path });
      return undefined;
    }
    try {
      return this.#writeAtOnce(path, base, file) ?? (yield* this.#writeLarge(path, base, file));
    } finally {
      file.close();
    }
  }

  /** A file that fits: read first, so that its header says what was read. Undefined where it is too large. */
  #writeAtOnce(path: TreePath, base: FileEntry, file: OpenContent): FileEntry | undefined {
    let before = file.opened;
    for (let tries = 0; before.size <= largestAtOnce; tries++) {
      const entry = before.size === base.size ? base : { ...base, size: before.size };
      const headers = this.#headers.encode(fieldsOf(path, entry));
      const padded = Math.ceil(entry.size / blockSize) * blockSize;
      const memory = this.output.reserve(headers.length + padded);
      const data = memory.subarray(headers.length, headers.length + entry.size);
      const count = file.read(data);
      const after = file.version();
      const isWhole = count === entry.size && isSameVersion(before, after);
      const pause = isWhole ? undefined : pauses[tries];
      if (pause !== undefined) {
        sleep(pause);
        file.rewind();
        before = file.version();
        continue;
      }
      data.fill(0, count);
      memory.set(headers);
      memory.fill(0, headers.length + entry.size, headers.length + padded);
      this.output.commit(headers.length + padded);
      this.#visitor?.begin({ kind: 'write', path, entry });
      if (entry.size > 0) this.#visitor?.data(data);
      this.#visitor?.end();
      if (!isWhole) this.#options.unstable?.(path);
      return entry;
    }
    return undefined;
  }

  *#writeLarge(path: TreePath, base: FileEntry, file: OpenContent): Generator<void, FileEntry, undefined> {
    const { copyFirst, unstable } = this.#options;
    if (copyFirst === undefined || !copyFirst.paths(path)) {
      const { entry, isWhole } = yield* this.#stream(path, base, file);
      if (!isWhole && copyFirst !== undefined) throw changingFile(path);
      if (!isWhole) unstable?.(path);
      return entry;
    }
    const copy = yield* steadyCopy(file, copyFirst.dir, this.#reader);
    try {
      const { entry } = yield* this.#stream(path, base, copy.file);
      if (!copy.isWhole) unstable?.(path);
      return entry;
    } finally {
      copy.file.close();
    }
  }

  /** A large file, straight into the output. If it shrinks, zeros fill what was announced; what it grows by is left out. */
  *#stream(
    path: TreePath,
    base: FileEntry,
    file: OpenContent,
  ): Generator<void, { readonly entry: FileEntry; readonly isWhole: boolean }, undefined> {
    file.rewind();
    const before = file.version();
    const entry: FileEntry = { ...base, size: before.size };
    this.#writeHeaders(path, entry);
    this.#visitor?.begin({ kind: 'write', path, entry });
    for (let at = 0; at < entry.size; ) {
      const memory = this.output.rest();
      const part = memory.subarray(0, Math.min(memory.length, largestAtOnce, entry.size - at));
      part.fill(0, file.read(part));
      this.output.commit(part.length);
      this.#visitor?.data(part);
      at += part.length;
      yield;
    }
    this.#visitor?.end();
    this.#pad(entry.size);
    return { entry, isWhole: isSameVersion(before, file.version()) };
  }

  #writeHeaders(path: TreePath, entry: FileEntry): void {
    this.#put(fieldsOf(path, entry));
  }

  #put(fields: TarFields): void {
    this.output.write(this.#headers.encode(fields));
  }

  #pad(size: number): void {
    this.output.writeZeros((blockSize - (size % blockSize)) % blockSize);
  }

  #tell(entry: LayerEntry): void {
    this.#visitor?.begin(entry);
    this.#visitor?.end();
  }
}

function invalidChanges(path: TreePath, why: string): VarveError {
  return new VarveError('E_CHANGES_INVALID', `${JSON.stringify(path)} ${why}`, { data: { path } });
}

function reservedName(path: TreePath): VarveError {
  return new VarveError(
    'E_RESERVED_NAME',
    `${JSON.stringify(path)} cannot be in an image: names that begin with ".wh." mark what layers delete`,
    {
      hint: 'Rename the file, or leave it out.',
      data: { path },
    },
  );
}

function vanishedFile(path: TreePath): VarveError {
  return new VarveError('E_FILE_VANISHED', `${JSON.stringify(path)} disappeared while its layer was written`, {
    hint: 'Let nothing change the files while they are built into an image.',
    data: { path },
  });
}

function changingFile(path: TreePath): VarveError {
  return new VarveError('E_FILE_CHANGING', `${JSON.stringify(path)} changed while it was read`, { data: { path } });
}

function sleep(milliseconds: number): void {
  if (milliseconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkBytes,
  checkDigester,
  Digester,
  type Expected,
  sizeMismatch,
  splitDigest,
  verifyStream,
} from '../digest.js';
import { codeOf, OciError } from '../errors.js';
import type { ContentReader } from '../model/content.js';
import type { Descriptor, Digest, Index } from '../model/descriptor.js';
import { mediaTypes } from '../model/media-types.js';
import { isIndexJson, largestManifest, type ManifestContent, parseManifest } from '../model/parse.js';
import { temporaryName, writeAll, writeFileAtomic } from './atomic-file.js';
import {
  findImage,
  fullNameAnnotation,
  nameAnnotations,
  refNameAnnotation,
  type StoredImage,
  storedImage,
} from './image-names.js';

/** Images at rest: what layouts and archives have in common. */
export interface ImageStore extends ContentReader {
  /** For messages: the path. */
  readonly where: string;
  readonly images: () => Promise<readonly StoredImage[]>;
  /** The image of a name, a reference or a digest; without one, the only image. E_IMAGE_UNKNOWN. */
  readonly find: (name?: string) => Promise<StoredImage>;
  readonly close: () => Promise<void>;
}

/** Reads are 1 MiB: large reads halve the cost of a byte. */
const readSize = 1024 * 1024;

/** A path that nobody else uses, on the layout's file system, for what will be renamed. */
type NameUnfinished = (base: string) => string;

/** An OCI image layout directory. Blobs and index appear by rename: a reader never sees half of one. */
export class Layout implements ImageStore {
  readonly dir: string;
  readonly #unfinished: NameUnfinished;
  #indexWrites: Promise<void> = Promise.resolve();

  constructor(dir: string, unfinished: NameUnfinished = base => temporaryName(dir, base)) {
    this.dir = dir;
    this.#unfinished = unfinished;
  }

  get where(): string {
    return this.dir;
  }

  /** Nothing is held open. */
  readonly close = (): Promise<void> => Promise.resolve();

  /** Where a blob is, or will be. */
  blobPath(digest: Digest): string {
    const { algorithm, hex } = splitDigest(digest);
    return join(this.dir, 'blobs', algorithm, hex);
  }

  /** Is a blob there with the size expected? Its content is checked when it is read. */
  async hasBlob({ digest, size }: Expected): Promise<boolean> {
    const found = await stat(this.blobPath(digest)).catch(() => undefined);
    return found?.isFile() === true && found.size === size;
  }

  /** Blob bytes, verified. E_BLOB_UNKNOWN, E_SIZE_MISMATCH, E_DIGEST_MISMATCH. */
  readonly blob = (descriptor: Descriptor): AsyncGenerator<Uint8Array, void, undefined> => {
    const what = `blob ${descriptor.digest} in ${this.dir}`;
    return verifyStream(readBlob(this.blobPath(descriptor.digest), what), descriptor, what);
  };

  /** A manifest or index of this layout, verified. */
  readonly manifest = async (descriptor: Descriptor): Promise<ManifestContent> => {
    const what = `manifest ${descriptor.digest} in ${this.dir}`;
    if (descriptor.size > largestManifest) throw new OciError('E_MANIFEST_TOO_LARGE', `${what} is larger than 4 MiB`);
    const bytes = await readFile(this.blobPath(descriptor.digest)).catch(cause => {
      throw missing(cause, 'E_MANIFEST_UNKNOWN', `${what} is not there`);
    });
    checkBytes(bytes, descriptor, what);
    const { mediaType, json } = parseManifest(bytes, descriptor.mediaType, what);
    return { descriptor: { mediaType, digest: descriptor.digest, size: descriptor.size }, bytes, json };
  };

  /** The layout's index. E_BAD_LAYOUT, E_BAD_MANIFEST. */
  async index(): Promise<Index> {
    const path = join(this.dir, 'index.json');
    const bytes = await readFile(path).catch(cause => {
      throw missing(cause, 'E_BAD_LAYOUT', `${this.dir} has no index.json`);
    });
    const { json } = parseManifest(bytes, mediaTypes.ociIndex, path);
    if (!isIndexJson(json)) throw new OciError('E_BAD_LAYOUT', `${path} is not an index`);
    return json;
  }

  readonly images = async (): Promise<readonly StoredImage[]> => (await this.index()).manifests.map(storedImage);

  readonly find = async (name?: string): Promise<StoredImage> => findImage(await this.images(), name, this.dir);

  /**
   * Stores a blob and gives its digest and size.
   * @param expected where they are known: checked while the bytes come, and nothing is kept if they are wrong.
   */
  async writeBlob(source: AsyncIterable<Uint8Array>, expected?: Expected): Promise<Expected> {
    const digester = new Digester(expected === undefined ? 'sha256' : splitDigest(expected.digest).algorithm);
    return this.#store(taking(source, digester, expected), () => {
      if (expected !== undefined) checkDigester(digester, expected, `blob ${expected.digest}`);
      return { digest: digester.digest(), size: digester.size };
    });
  }

  /**
   * Stores a blob whose source checks its own bytes, as every {@link ContentReader} does, and ends with an error if they are
   * wrong. They are not hashed a second time.
   */
  async writeCheckedBlob(source: AsyncIterable<Uint8Array>, descriptor: Expected): Promise<void> {
    await this.#store(source, () => descriptor);
  }

  /** Stores bytes at hand: a config or a manifest. */
  async writeBytes(bytes: Uint8Array): Promise<Expected> {
    return this.writeBlob(once(bytes));
  }

  /**
   * Enters an image in the index. With a name (a tag or a whole reference) it replaces the image that had the name; without one
   * it is added unless it is there.
   */
  async setImage(descriptor: Descriptor, name?: string): Promise<void> {
    const entry = namedEntry(descriptor, name);
    await this.#changeIndex(index => ({
      ...index,
      manifests: [...index.manifests.filter(old => !replaces(entry, old)), entry],
    }));
  }

  /** Takes a name, and with it the entry, out of the index; its blobs stay. False where there is none. */
  async removeImage(name: string): Promise<boolean> {
    const { descriptor } = findImage(await this.images(), name, this.dir);
    let removed = false;
    await this.#changeIndex(index => {
      const manifests = index.manifests.filter(old => JSON.stringify(old) !== JSON.stringify(descriptor));
      removed = manifests.length < index.manifests.length;
      return { ...index, manifests };
    });
    return removed;
  }

  async #store(source: AsyncIterable<Uint8Array>, finish: () => Expected): Promise<Expected> {
    const temporary = this.#unfinished('blob');
    const handle = await open(temporary, 'wx', 0o644);
    try {
      await writeAll(handle, source);
      await handle.close();
      const written = finish();
      const path = this.blobPath(written.digest);
      await mkdir(join(path, '..'), { recursive: true });
      await rename(temporary, path);
      return written;
    } catch (error) {
      await handle.close().catch(() => {});
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #changeIndex(change: (index: Index) => Index): Promise<void> {
    const changed = this.#indexWrites.then(async () => {
      const next = change(await this.index());
      const temporary = this.#unfinished('index.json');
      await writeFileAtomic(join(this.dir, 'index.json'), `${JSON.stringify(next)}`, { temporary });
    });
    this.#indexWrites = changed.catch(() => {});
    return changed;
  }
}

/** Opens a layout that is there. E_BAD_LAYOUT. */
export async function openLayout(dir: string): Promise<Layout> {
  const path = join(dir, 'oci-layout');
  const text = await readFile(path, 'utf8').catch(cause => {
    throw missing(cause, 'E_BAD_LAYOUT', `${dir} is not an OCI image layout: it has no file oci-layout`);
  });
  checkLayoutFile(text, dir);
  return new Layout(dir);
}

/**
 * Opens a layout, and makes an empty one where there is none. A folder with other things in it stays as it is. E_BAD_LAYOUT.
 * @param unfinished where files are that are being written; by default beside the others.
 */
export async function createLayout(
  dir: string,
  unfinished: NameUnfinished = base => temporaryName(dir, base),
): Promise<Layout> {
  await mkdir(join(dir, 'blobs', 'sha256'), { recursive: true });
  const text = await readFile(join(dir, 'oci-layout'), 'utf8').catch(() => undefined);
  if (text !== undefined) checkLayoutFile(text, dir);
  else await writeFileAtomic(join(dir, 'oci-layout'), layoutFile, { temporary: unfinished('oci-layout') });
  const index = await stat(join(dir, 'index.json')).catch(() => undefined);
  if (index === undefined) {
    const empty: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] };
    await writeFileAtomic(join(dir, 'index.json'), JSON.stringify(empty), { temporary: unfinished('index.json') });
  }
  return new Layout(dir, unfinished);
}

/** The content of the file `oci-layout`. */
export const layoutFile = '{"imageLayoutVersion":"1.0.0"}';

/** Throws E_BAD_LAYOUT where the file `oci-layout` is not of version 1. */
export function checkLayoutFile(text: string, where: string): void {
  let version: unknown;
  try {
    version = (JSON.parse(text) as { imageLayoutVersion?: unknown }).imageLayoutVersion;
  } catch {
    version = undefined;
  }
  if (typeof version === 'string' && /^1\./.test(version)) return;
  throw new OciError('E_BAD_LAYOUT', `${where} is not an OCI image layout of version 1`);
}

/** An index entry with the annotations of a name. */
export function namedEntry(descriptor: Descriptor, name: string | undefined): Descriptor {
  const annotations = { ...descriptor.annotations, ...nameAnnotations(name) };
  const { annotations: _, ...rest } = descriptor;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}

function replaces(entry: Descriptor, old: Descriptor): boolean {
  const key = (descriptor: Descriptor): string | undefined =>
    descriptor.annotations?.[fullNameAnnotation] ?? descriptor.annotations?.[refNameAnnotation];
  if (key(entry) !== undefined) return key(entry) === key(old);
  return key(old) === undefined && old.digest === entry.digest;
}

async function* readBlob(path: string, what: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: readSize })) yield chunk as Uint8Array;
  } catch (error) {
    throw missing(error, 'E_BLOB_UNKNOWN', `${what} is not there`);
  }
}

async function* taking(
  source: AsyncIterable<Uint8Array>,
  digester: Digester,
  expected: Expected | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    digester.update(chunk);
    if (expected !== undefined && digester.size > expected.size) {
      throw sizeMismatch(digester.size, expected, `blob ${expected.digest}`);
    }
    yield chunk;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

function missing(
  cause: unknown,
  code: 'E_BAD_LAYOUT' | 'E_BLOB_UNKNOWN' | 'E_MANIFEST_UNKNOWN',
  message: string,
): unknown {
  return codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR' ? new OciError(code, message, { cause }) : cause;
}

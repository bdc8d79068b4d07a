import { rm } from 'node:fs/promises';
import { type Descriptor, type Digest, verifyStream } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { codeOf, VarveError } from '../model/error.js';
import { PatientFile } from '../sys/patient-file.js';
import { BatchWriter } from './batch-writer.js';
import { inStore, type Store } from './store.js';
import { readStored } from './stored-blob.js';

/** Somewhere that may have a blob: a registry, a cache. */
export interface BlobOrigin {
  /** For messages. */
  readonly description: string;
  /** Repository of a registry that holds the blob, for mounting it into another one. */
  readonly repository?: { readonly registry: string; readonly name: string };
  /** A cache: what it does not give, or gives wrong, is `E_BLOB_MISSING`, whatever it says itself; it can be made again. */
  readonly isCache?: true;
  /** The bytes. Those of a cache are verified by who asks; all others end without an error only where size and digest are right. */
  open(descriptor: Descriptor, signal: AbortSignal): Promise<Bytes | undefined>;
}

/** A blob on its way into the store: a file that grows, and is in its place once `done` resolves. */
export interface IncomingBlob {
  readonly path: string;
  /** Bytes that are in the file by now. */
  readonly available: number;
  /** Calls back whenever more is there; returns a function that ends it. */
  onProgress(callback: (available: number) => void): () => void;
  /** Rejects where no origin could give the right bytes; nothing of it is kept then. */
  readonly done: Promise<void>;
}

/**
 * Finds blobs by digest, wherever they are: in the store, else at the origins that were learned for them, in order. A blob
 * is fetched once, also when several ask at a time; what arrives is verified, and a damaged file in the store counts as absent.
 */
export class Blobs implements AsyncDisposable {
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #closing = new AbortController();
  readonly #origins = new Map<Digest, BlobOrigin[]>();
  readonly #incoming = new Map<Digest, Incoming>();
  readonly #failures = new Map<Digest, unknown>();

  constructor(store: Store, signal: AbortSignal) {
    this.#store = store;
    this.#signal = AbortSignal.any([signal, this.#closing.signal]);
  }

  /** Remember where a blob can be had. */
  learn(digest: Digest, origin: BlobOrigin): void {
    const known = this.#origins.get(digest) ?? [];
    this.#origins.set(digest, [...known, origin]);
  }

  originsOf(digest: Digest): readonly BlobOrigin[] {
    return this.#origins.get(digest) ?? [];
  }

  /** The name of a repository of that registry which has the blob. */
  repositoryWith(digest: Digest, registry: string): string | undefined {
    return this.originsOf(digest).find(({ repository }) => repository?.registry === registry)?.repository?.name;
  }

  /** The blob's file, or undefined while it is not wholly here. */
  file(descriptor: Descriptor): string | undefined {
    return this.#store.has(descriptor) ? this.#store.blobPath(descriptor.digest) : undefined;
  }

  /** Starts to fetch a blob that is not in the store; the same fetch for all who ask. */
  fetch(descriptor: Descriptor): IncomingBlob {
    const running = this.#incoming.get(descriptor.digest);
    if (running) return running;
    const incoming = new Incoming(this.#store.ingestFile(descriptor.digest));
    this.#failures.delete(descriptor.digest);
    this.#incoming.set(descriptor.digest, incoming);
    incoming.done = this.#download(descriptor, incoming).finally(() => this.#incoming.delete(descriptor.digest));
    // Whoever waits gets the rejection; nobody waiting is no reason to end the process.
    incoming.done.catch(reason => this.#failures.set(descriptor.digest, reason));
    return incoming;
  }

  /** Why a blob did not come, once its fetch has ended; undefined where it came, or was not asked for. */
  async failure({ digest }: Descriptor): Promise<unknown> {
    await this.#incoming.get(digest)?.done.catch(() => undefined);
    return this.#failures.get(digest);
  }

  /** Makes sure that the blob is in the store and gives its path. Errors: `E_BLOB_MISSING`, and those of its origins. */
  async ensure(descriptor: Descriptor): Promise<string> {
    if (!this.#store.has(descriptor)) await this.fetch(descriptor).done;
    return this.#store.blobPath(descriptor.digest);
  }

  /** The blob's bytes, verified while they are read. Errors: `E_BLOB_DAMAGED` (the file is discarded, so that the next build mends it). */
  async *read(descriptor: Descriptor): Bytes {
    await this.ensure(descriptor);
    yield* readStored(this.#store, descriptor);
  }

  /** Ends what is being fetched, of which nothing is left then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([...this.#incoming.values()].map(({ done }) => done));
  }

  async #download(descriptor: Descriptor, incoming: Incoming): Promise<void> {
    const failures: unknown[] = [];
    for (const origin of this.originsOf(descriptor.digest)) {
      try {
        const bytes = await origin.open(descriptor, this.#signal);
        if (!bytes) continue;
        const verified = origin.isCache ? verifyStream(bytes, descriptor) : bytes;
        await this.#write(descriptor, verified, incoming);
        return;
      } catch (error) {
        await rm(incoming.path, { force: true });
        if (this.#signal.aborted || codeOf(error)?.startsWith('E_STORE')) throw error;
        failures.push(origin.isCache ? notInCache(descriptor, origin, error) : error);
        // Whoever reads the growing file has seen bytes that may be wrong: it must start again.
        if (incoming.available > 0) break;
      }
    }
    if (failures.length > 0) throw failures[0];
    throw new VarveError(
      'E_BLOB_MISSING',
      `${descriptor.digest} is neither in the store nor anywhere that is known to have it`,
      {
        hint: 'run the build with --no-cache to make it again',
        data: { digest: descriptor.digest },
      },
    );
  }

  async #write(descriptor: Descriptor, bytes: Bytes, incoming: Incoming): Promise<void> {
    using file = inStore(this.#store.dir, () => new PatientFile(incoming.path, 'w'));
    const writer = new BatchWriter(file, this.#store.dir, size => incoming.advance(size));
    for await (const chunk of bytes) {
      if (writer.take(chunk)) await writer.flush();
    }
    await writer.flush();
    inStore(this.#store.dir, () => file.close());
    this.#store.adopt(incoming.path, descriptor.digest);
  }
}

function notInCache({ digest }: Descriptor, { description }: BlobOrigin, cause: unknown): VarveError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new VarveError('E_BLOB_MISSING', `${description} does not give ${digest}: ${why}`, {
    hint: 'run the build with --no-cache to make it again',
    cause,
    data: { digest },
  });
}

class Incoming implements IncomingBlob {
  readonly path: string;
  available = 0;
  done: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<(available: number) => void>();

  constructor(path: string) {
    this.path = path;
  }

  onProgress(callback: (available: number) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  advance(bytes: number): void {
    this.available += bytes;
    for (const listener of this.#listeners) listener(this.available);
  }
}

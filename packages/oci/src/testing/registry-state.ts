import { randomUUID } from 'node:crypto';
import type { Descriptor, Digest } from '../model/descriptor.js';

/** A manifest as it was pushed. */
export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  /** As an entry of a list of referrers; only with a subject. */
  readonly referrer?: { readonly subject: Digest; readonly entry: Descriptor };
}

/** What one repository has. */
export interface StoredRepository {
  readonly blobs: Set<Digest>;
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tags: Map<string, Digest>;
}

/** An upload that was begun. */
export interface StoredUpload {
  readonly id: string;
  readonly repository: string;
  readonly leastChunk: number;
  chunks: Buffer[];
  size: number;
}

/** Everything that an in-memory registry holds. */
export class RegistryState {
  readonly blobs = new Map<Digest, Buffer>();
  readonly repositories = new Map<string, StoredRepository>();
  readonly uploads = new Map<string, StoredUpload>();
  /** Bytes that every piece of an upload has at least, but for the last; 0: any number. */
  readonly leastChunk: number;

  constructor(leastChunk = 0) {
    this.leastChunk = leastChunk;
  }

  /** The repository, made when it is written to for the first time. */
  open(name: string): StoredRepository {
    const known = this.repositories.get(name);
    if (known !== undefined) return known;
    const made: StoredRepository = { blobs: new Set(), manifests: new Map(), tags: new Map() };
    this.repositories.set(name, made);
    return made;
  }

  /** A blob that this repository may give. */
  blob(repository: string, digest: Digest): Buffer | undefined {
    return this.repositories.get(repository)?.blobs.has(digest) === true ? this.blobs.get(digest) : undefined;
  }

  /** A manifest by tag or digest. */
  manifest(repository: string, name: string): { readonly digest: Digest; readonly stored: StoredManifest } | undefined {
    const known = this.repositories.get(repository);
    const digest = known?.tags.get(name) ?? (name as Digest);
    const stored = known?.manifests.get(digest);
    return stored === undefined ? undefined : { digest, stored };
  }

  begin(repository: string): StoredUpload {
    const upload: StoredUpload = { id: randomUUID(), repository, leastChunk: this.leastChunk, chunks: [], size: 0 };
    this.uploads.set(upload.id, upload);
    return upload;
  }
}

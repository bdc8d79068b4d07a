import {
  type Bytes,
  type CachedStep,
  type CacheKey,
  type CacheRepository,
  codeOf,
  type LayerCache,
  type StepToSave,
} from '@varve/engine/plugin';
import {
  type Descriptor,
  formatRepository,
  type Index,
  isImageConfig,
  isIndexJson,
  type Manifest,
  type ManifestContent,
  mediaTypes,
  type Reference,
  type RegistryClient,
  type Repository,
} from '@varve/oci';
import { decodeManifest, type Entry, encodeEntry } from './entry.js';
import type { RegistryCacheOptions } from './options.js';
import { decodeIndex, encodeIndex, type IndexedEntry } from './scope-index.js';

type Warn = (code: string, message: string, hint?: string) => void;

/** The registry does not have what was asked for. */
const unknown: ReadonlySet<string | undefined> = new Set(['E_MANIFEST_UNKNOWN', 'E_NAME_UNKNOWN', 'E_BLOB_UNKNOWN']);
/** What it has is no manifest that this cache wrote, or was damaged. */
const unreadable: ReadonlySet<string | undefined> = new Set([
  'E_BAD_MANIFEST',
  'E_UNSUPPORTED_MEDIA_TYPE',
  'E_MANIFEST_TOO_LARGE',
  'E_DIGEST_MISMATCH',
  'E_SIZE_MISMATCH',
]);

/** The engine cannot have the layer of a step that is to be saved. */
const lostCodes: ReadonlySet<string | undefined> = new Set(['E_BLOB_MISSING', 'E_BLOB_DAMAGED']);

/**
 * Steps as small images, one tag a key: `SCOPE-KEY`. The tags are the truth; the index under the tag `SCOPE` makes look-ups cheap. Requests run
 * at once, as many as the client has connections. A write that fails makes the cache read-only for the rest of the build, with one
 * warning; a look-up that fails is thrown.
 */
export class RegistryCache implements LayerCache {
  readonly repository: CacheRepository;
  readonly isComplete: boolean;
  readonly #client: RegistryClient;
  readonly #options: RegistryCacheOptions;
  readonly #warn: Warn;
  readonly #added = new Map<CacheKey, IndexedEntry>();
  #known: Promise<ReadonlyMap<CacheKey, IndexedEntry>> | undefined;
  #writable: boolean;

  constructor(client: RegistryClient, options: RegistryCacheOptions, warn: Warn) {
    this.#client = client;
    this.#options = options;
    this.#warn = warn;
    this.#writable = options.mode === 'rw';
    const { registry, repository: name } = options.repository;
    this.repository = { registry, name };
    this.isComplete = options.complete;
  }

  async findMany(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly (CachedStep | undefined)[]> {
    if (keys.length === 0) return [];
    await this.#readKnown(signal);
    const entries = await Promise.all(
      keys.map(async key => (await this.#findKnown(key, signal)) ?? (await this.#findTagged(key, signal))),
    );
    return entries.map(entry => (entry && this.#isFresh(entry) ? entry.step : undefined));
  }

  async open(layer: Descriptor, signal: AbortSignal): Promise<Bytes | undefined> {
    const bytes = this.#client.blob(this.#options.repository, layer, { signal })[Symbol.asyncIterator]();
    try {
      const first = await bytes.next();
      return continued(first, bytes);
    } catch (error) {
      if (unknown.has(codeOf(error))) return undefined;
      throw error;
    }
  }

  async save(saved: StepToSave, signal: AbortSignal): Promise<'stored' | 'declined'> {
    if (!this.#writable) return 'declined';
    const { key, step, blob, knownIn, isCopy } = saved;
    try {
      if (isCopy && (await this.#findKnown(key, signal))) return 'stored';
      const entry: Entry = { key, step, saved: Date.now() };
      const { config, manifestBytes, placeholder } = encodeEntry(entry);
      const { repository } = this.#options;
      const pushSmall = (small: { readonly descriptor: Descriptor; readonly bytes: Uint8Array }): Promise<unknown> =>
        this.#client.pushBlob(repository, small.descriptor, () => once(small.bytes), { signal });
      const layer = step.layer?.descriptor;
      await Promise.all([
        pushSmall(config),
        ...(placeholder ? [pushSmall(placeholder)] : []),
        ...(layer
          ? [this.#client.pushBlob(repository, layer, blob, { signal, ...mountOption(repository, knownIn) })]
          : []),
      ]);
      const manifest = await this.#client.pushManifest(this.#tag(key), manifestBytes, mediaTypes.ociManifest, {
        signal,
      });
      this.#added.set(key, { ...entry, manifest: { digest: manifest.digest, size: manifest.size } });
      return 'stored';
    } catch (error) {
      signal.throwIfAborted();
      // That another cache has lost the layer is no fault of this one.
      if (!isCopy || !lostCodes.has(codeOf(error))) this.#stopWriting(error as Error);
      return 'declined';
    }
  }

  /** Enters what was saved in the index. The client belongs to the build. */
  async close(): Promise<void> {
    if (this.#added.size === 0 || !this.#writable) return;
    try {
      // Read anew: others may have written since, and what they added would be asked for one by one.
      const found = await this.#manifest(this.#index());
      if (found && isImage(found.json)) return this.#leaveImage();
      const merged = new Map([...entriesOf(found), ...this.#added]);
      const fresh = [...merged.values()].filter(entry => this.#isFresh(entry));
      const push = (entries: Iterable<IndexedEntry>): Promise<Descriptor> =>
        this.#client.pushManifest(this.#index(), encodeIndex(entries), mediaTypes.ociIndex);
      // A registry refuses an index over manifests that it was made to forget; ours are there.
      await push(fresh).catch(() => push(this.#added.values()));
    } catch (error) {
      this.#stopWriting(error as Error);
    }
  }

  #readKnown(signal: AbortSignal): Promise<ReadonlyMap<CacheKey, IndexedEntry>> {
    this.#known ??= this.#readIndex(signal);
    return this.#known;
  }

  /** What the index says, or this build has found or saved; nothing that is too old, since another writer may have renewed it. */
  async #findKnown(key: CacheKey, signal: AbortSignal): Promise<Entry | undefined> {
    const entry = this.#added.get(key) ?? (await this.#readKnown(signal)).get(key);
    return entry && this.#isFresh(entry) ? entry : undefined;
  }

  async #findTagged(key: CacheKey, signal: AbortSignal): Promise<Entry | undefined> {
    const found = await this.#manifest(this.#tag(key), signal);
    if (!found || isIndexJson(found.json)) return undefined;
    const entry = decodeManifest(found.json, key);
    const { digest, size } = found.descriptor;
    if (entry && this.#writable) this.#added.set(key, { ...entry, manifest: { digest, size } });
    return entry;
  }

  async #readIndex(signal?: AbortSignal): Promise<ReadonlyMap<CacheKey, IndexedEntry>> {
    return entriesOf(await this.#manifest(this.#index(), signal));
  }

  /** A manifest; undefined where there is none, or something that is no manifest of ours. */
  async #manifest(reference: Reference, signal?: AbortSignal): Promise<ManifestContent | undefined> {
    try {
      return await this.#client.manifest(reference, { signal });
    } catch (error) {
      if (unknown.has(codeOf(error)) || unreadable.has(codeOf(error))) return undefined;
      throw error;
    }
  }

  #tag(key: CacheKey): Reference {
    return { ...this.#options.repository, tag: `${this.#options.scope}-${key}` };
  }

  #index(): Reference {
    return { ...this.#options.repository, tag: this.#options.scope };
  }

  #isFresh({ saved }: Entry): boolean {
    const { ttl } = this.#options;
    return ttl === undefined || Date.now() - saved < ttl;
  }

  /** Steps are found by their own tags all the same. */
  #leaveImage(): void {
    const { repository, scope } = this.#options;
    this.#warn(
      'W_CACHE_TAG_TAKEN',
      `the tag ${formatRepository(repository)}:${scope} names an image, which the cache leaves as it is`,
      'give the cache a tag of its own, so that one request answers for all steps',
    );
  }

  #stopWriting(error: Error): void {
    if (!this.#writable) return;
    this.#writable = false;
    const where = formatRepository(this.#options.repository);
    this.#warn(
      'W_CACHE_READ_ONLY',
      `the cache ${where} could not be written to: ${error.message}`,
      'the build goes on and still reads it; write mode=ro where nothing is to be written',
    );
  }
}

function entriesOf(found: ManifestContent | undefined): ReadonlyMap<CacheKey, IndexedEntry> {
  return found && isIndexJson(found.json) ? decodeIndex(found.json) : new Map();
}

/** Something that people run, and no cache: neither ours nor that of BuildKit, whose config and entries are of other kinds. */
function isImage(json: Manifest | Index): boolean {
  if (!isIndexJson(json)) return isImageConfig(json.config.mediaType);
  return json.manifests.some(({ platform }) => platform !== undefined && platform.os !== 'unknown');
}

/** A repository of the same registry that has the layer. */
function mountOption({ registry }: Repository, knownIn: StepToSave['knownIn']): { readonly mountFrom?: Repository } {
  const name = knownIn?.(registry);
  return name === undefined ? {} : { mountFrom: { registry, repository: name } };
}

/** A stream whose first chunk was asked for already. */
async function* continued(first: IteratorResult<Uint8Array>, rest: AsyncIterator<Uint8Array>): Bytes {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}

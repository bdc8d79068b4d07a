import { mkdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { mediaTypes, verifyStream } from '@varve/oci';
import { createHost } from '../choose/host.js';
import { builtInExecutors } from '../executor/providers.js';
import type { InPlaceSetup } from '../inplace/places.js';
import { inPlaceProvider } from '../inplace/provider.js';
import { compressorProviders, finishLayer, gzipModule, TocCollector, writeLayerTar } from '../layer/index.js';
import { type LayerVisitor, teeVisitors } from '../layer/visitor.js';
import type { Bytes } from '../model/bytes.js';
import type { ChangeSet } from '../model/change.js';
import { codeOf, type VarveError } from '../model/error.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { LayerCompressor } from '../plugin/compressor.js';
import type { Tools } from '../plugin/plugin.js';
import { compressorFor } from '../providers/compressor-for.js';
import { Providers } from '../providers/providers.js';
import { openStore, type Store, storeError } from '../store/store.js';
import { readStored } from '../store/stored-blob.js';
import { openTocs, type Tocs } from '../store/tocs.js';
import { GrowingFiles } from './growing-file.js';
import { layerTar } from './layer-tar.js';
import type { BlobNote, FinishedStepLayer, HostSetup, LayerInputParams, LayerOptions } from './protocol.js';
import { readByTwo } from './read-by-two.js';
import { TarThread, worthThread } from './tar-thread.js';

const mostAttempts = 4;

/** What a host works with, besides the root that it may have. */
export class HostSurroundings {
  readonly store: Store;
  readonly tocs: Tocs;
  readonly providers: Providers;
  /** Whether this process is root of a user namespace that the main process is not in. */
  readonly userNamespace: boolean;
  /** Whether the user named plugins, beside those that come with varve. */
  readonly hasNamedPlugins: boolean;
  /** Set where steps run in the root that this process is in. */
  readonly inPlace: InPlaceSetup | undefined;
  readonly growing = new GrowingFiles();
  readonly #tarThread = new TarThread();
  readonly #compressors = new Map<string, Promise<LayerCompressor>>();

  constructor(setup: HostSetup) {
    this.store = openStore(setup.storeDir);
    this.tocs = openTocs(this.store);
    this.inPlace = setup.inPlace;
    this.userNamespace = setup.userNamespace === true;
    this.hasNamedPlugins = setup.plugins.named.length > 0;
    const settings = { env: process.env, scratchDir: this.store.stateDir('probe') };
    const builtIn = {
      providers: [...builtInExecutors(settings), inPlaceProvider(setup.inPlace), ...compressorProviders],
      modules: [gzipModule],
    };
    this.providers = new Providers(builtIn, setup.plugins);
  }

  tools(provider: string): Tools {
    const stateDir = this.store.stateDir(provider);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const host = createHost({ env: process.env, scratchDir: stateDir });
    return { stateDir, host, env: process.env, warn: () => undefined };
  }

  /** Tells how far a blob is that is being fetched. */
  noteBlob(note: BlobNote): void {
    this.growing.note(note);
    this.#tarThread.note(note);
  }

  /**
   * The verified tar of a layer whose blob is in the store or on its way there. Errors: `E_BLOB_DAMAGED` for a file of the store that is, whatever
   * it broke first; `E_LAYER_INVALID`.
   */
  async *tar(layer: LayerInputParams, signal: AbortSignal): Bytes {
    try {
      yield* this.#tar(layer, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!layer.growing) for await (const _ of readStored(this.store, layer.descriptor));
      throw error;
    }
  }

  async *#tar(layer: LayerInputParams, signal: AbortSignal): Bytes {
    const { descriptor } = layer;
    const blobPath = this.store.blobPath(descriptor.digest);
    if (isMainThread && descriptor.size > worthThread && isGzip(descriptor.mediaType)) {
      yield* this.#tarThread.read(layer, blobPath, this.growing.known(descriptor.digest), signal);
      return;
    }
    const blob = this.growing.read(layer, blobPath, signal);
    // While a blob is being fetched, whoever fetches it verifies it, and its last bytes are only given once it was right.
    const verified = layer.growing ? blob : verifyStream(blob, descriptor);
    yield* layerTar(verified, layer, await this.#compressor(descriptor.mediaType));
  }

  /** Ends what only reading layers needs; the next layer starts it again. */
  async rest(): Promise<void> {
    await this.#tarThread.close();
  }

  /** Reads anything that a compressor of this media type wrote. */
  async *decompress(mediaType: string, blob: Bytes): Bytes {
    yield* (await this.#compressor(mediaType)).decompress(blob);
  }

  #compressor(mediaType: string): Promise<LayerCompressor> {
    const known =
      this.#compressors.get(mediaType) ?? compressorFor(this.providers, mediaType, name => this.tools(name));
    this.#compressors.set(mediaType, known);
    return known;
  }

  /**
   * Writes changes as a layer into the store, with its table of contents; null where there are none. A large file that changes while it is
   * read is copied first when the layer is written anew, from `changes` that are asked for again.
   */
  async writeLayer(
    changes: () => ChangeSet,
    ancestor: (path: TreePath) => FileEntry | undefined,
    options: WriteOptions,
  ): Promise<FinishedStepLayer | null> {
    const changing = new Set<TreePath>();
    for (let attempt = 1; ; attempt++) {
      const unstable: TreePath[] = [];
      // After a few attempts every large file is copied, so that the last one cannot fail.
      const paths = (path: TreePath): boolean => attempt === mostAttempts || changing.has(path);
      const toc = new TocCollector();
      const tar = writeLayerTar(changes(), {
        ancestor,
        clampMtimeNs: options.clampMtimeNs,
        visitor: options.visitor ? teeVisitors(toc, options.visitor) : toc,
        vanished: options.vanished,
        copyFirst: { dir: this.store.ingestDir, paths },
        unstable: path => void unstable.push(path),
      });
      try {
        const made = await this.#finishAndRead(options.onRead ? told(tar, options.onRead) : tar, options, toc);
        return made && unstable.length > 0 ? { ...made, unstable } : made;
      } catch (error) {
        if (codeOf(error) !== 'E_FILE_CHANGING' || options.once) throw error;
        changing.add((error as VarveError).data?.path as TreePath);
      }
    }
  }

  #finishAndRead(tar: Bytes, options: WriteOptions, toc: TocCollector): Promise<FinishedStepLayer | null> {
    const { readBy } = options;
    if (readBy === undefined) return this.finish(tar, options, toc);
    return readByTwo(tar, bytes => this.finish(bytes, options, toc), readBy);
  }

  /** Compresses a tar into the store. The collector, if there is one, sees what goes into the tar. */
  async finish(tar: Bytes, options: WriteOptions, toc?: TocCollector): Promise<FinishedStepLayer | null> {
    const { compression, signal } = options;
    const provider = await this.providers.get('compressor', compression);
    const compressor = await provider.create(this.tools(`compressor-${compression.id}`));
    try {
      const finished = await finishLayer(tar, { compressor, ingestDir: this.store.ingestDir, toc, signal });
      if (!finished) return null;
      if (finished.toc) await this.tocs.put(finished.layer.diffId, finished.toc);
      this.store.adopt(finished.file, finished.layer.descriptor.digest);
      return { layer: finished.layer, compressor: compressor.fingerprint };
    } catch (error) {
      if (isDiskError(error)) throw storeError(this.store.dir, error);
      throw error;
    }
  }
}

export interface WriteOptions extends LayerOptions {
  readonly signal: AbortSignal;
  readonly vanished?: 'fail' | 'whiteout';
  /** Sees the layer too, while it is written; what it has seen before, where that is done again. */
  readonly visitor?: LayerVisitor;
  /** Told that the tar is written, as far as files are concerned: it is not done again. */
  readonly onRead?: () => void;
  /** Reads the tar too, while it is written; from its beginning where that is done again. */
  readonly readBy?: (tar: Bytes) => Promise<void>;
  /** It is not done again where a large file changes meanwhile: that is an error, `E_FILE_CHANGING`. */
  readonly once?: boolean;
}

/** The same bytes; tells when they have ended, and not where they fail. Who was told goes first: compressing the rest keeps nobody waiting. */
async function* told(bytes: Bytes, onEnd: () => void): Bytes {
  yield* bytes;
  onEnd();
  await nextTurn();
}

/** The one media type that a thread of its own can read: what plugins bring is loaded in the host alone. */
function isGzip(mediaType: string): boolean {
  return mediaType === mediaTypes.ociLayerGzip || mediaType === mediaTypes.dockerLayerGzip;
}

/** Errors of writing that are the store's: full, over quota, read-only. */
export function isDiskError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS';
}

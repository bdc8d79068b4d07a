import type { Descriptor, RegistryClient } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import type { BuiltImages } from '../model/image.js';
import type { Layer } from '../model/layer.js';
import type { LayerToc } from '../model/toc.js';

export interface ExportTarget {
  /** All of `-o type=…,key=value`, without the type. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Names the image is to have (`-t`, `name=`), normalised references. */
  readonly names: readonly string[];
  /** Absolute folder that a relative `dest=` starts from. */
  readonly cwd: string;
}

/** What an exporter may use of the engine. */
export interface ExportTools {
  /** Bytes of a layer or config of the images, verified; fetched from where they are when they are not on this machine. */
  blob(descriptor: Descriptor): Bytes;
  /** The uncompressed tar of a layer of the images, verified. */
  tar(layer: Layer): Bytes;
  /** What is in a layer of the images. */
  toc(layer: Layer): Promise<LayerToc>;
  /** Whether the blob is in the store already, as a file; undefined where it is not. */
  blobFile(descriptor: Descriptor): string | undefined;
  /** The same blob in another repository of the registry, for a cross-repository mount. */
  knownIn(descriptor: Descriptor, registry: string): string | undefined;
  /** The build's own client: credentials, mirrors, proxies. */
  readonly registry: RegistryClient;
  /**
   * A path beside another one, on its file system, that nobody uses: for what will be renamed. Should the build be killed, what is there is removed by the
   * next one.
   */
  beside(dest: string): string;
  progress(what: string, current?: number, total?: number, done?: boolean): void;
}

export interface ExportResult {
  /** What was written or pushed, as a person would name it. */
  readonly target: string;
  readonly digest: string;
  /** The manifest or index as it was written, where its bytes may differ from those that were built. */
  readonly descriptor?: Descriptor;
}

/** An export that has begun before the images are finished. */
export interface BegunExport {
  /**
   * A layer that an image will have, and whose bytes can be read. Does not wait; what goes wrong is an error of `finish` alone. `isNew`: a step
   * of this build made it.
   */
  layer(layer: Layer, isNew?: boolean): void;
  /** As `export`. */
  finish(images: BuiltImages): Promise<readonly ExportResult[]>;
  /** Ends what is under way: the build has failed, or is finished. */
  stop(reason: unknown): Promise<void>;
}

/** Writes finished images somewhere. Chosen by `type=`: the provider's id. Errors: `E_EXPORT`. */
export interface Exporter {
  /**
   * Checks the target before the build starts, so that a wrong call fails at once. Errors: `E_OUTPUT_INVALID`.
   */
  check(target: ExportTarget): void;
  /**
   * For one that can do something with layers while later steps run. Not called where a plugin may still refuse the image (`imageBuilt`). A build
   * that fails ends without `finish`: nothing of it may be found under a name then.
   */
  begin?(target: ExportTarget, tools: ExportTools, signal: AbortSignal): BegunExport;
  export(
    images: BuiltImages,
    target: ExportTarget,
    tools: ExportTools,
    signal: AbortSignal,
  ): Promise<readonly ExportResult[]>;
}

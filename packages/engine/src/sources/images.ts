import {
  type Descriptor,
  type Digest,
  formatPlatform,
  formatReference,
  type ImageConfig,
  Layout,
  matchPlatform,
  type Platform,
  type PulledImage,
  parseReference,
  type Reference,
  type RegistryClient,
  withDefaultTag,
} from '@varve/oci';
import { codeOf, VarveError } from '../model/error.js';
import type { ResolvedImage } from '../model/graph.js';
import type { Memory } from '../plugin/cache.js';
import type { Blobs } from '../store/blobs.js';
import type { Store } from '../store/store.js';
import { recallImage, rememberImage } from './known-images.js';
import { type LocalPlace, type OpenedImage, openLocalImage } from './local-image.js';

export interface ImagesInput extends LocalPlace {
  registry(): Promise<RegistryClient>;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly signal: AbortSignal;
  /** What earlier builds were told; without it every look-up asks for everything. */
  readonly memory?: Memory;
  /** Layouts that may hold layers, asked before registries. */
  readonly layouts?: readonly string[];
  /** A registry that cannot be asked is an error even where it is known what it said last. */
  readonly pull?: boolean;
  /** Told of the layers that an image most likely has, by their diffIds, while its registry is asked whether it has them. */
  foresee?(diffIds: readonly Digest[]): void;
  warn?(code: 'W_BASE_UNCHECKED', message: string, hint?: string): void;
  /** Told when a look-up starts and ends. */
  onResolve(reference: string, done: boolean): void;
}

/** Codes of a registry that could not answer, which says nothing of the image. */
const noAnswer: ReadonlySet<string> = new Set([
  'E_REGISTRY_UNREACHABLE',
  'E_REGISTRY_TIMEOUT',
  'E_REGISTRY_CONNECTION',
  'E_RATE_LIMITED',
]);

/**
 * Looks images up in their registries: manifest and config only. Each is looked up once a build. What is remembered from an earlier build
 * counts as long as the registry says that the reference still names it (one request), and without asking where the reference is a digest.
 */
export class Images implements AsyncDisposable {
  readonly #input: ImagesInput;
  readonly #known = new Map<string, Promise<ResolvedImage>>();
  readonly #opened: OpenedImage[] = [];

  constructor(input: ImagesInput) {
    this.#input = input;
  }

  /** Errors: those of the registry client, `E_PLATFORM_MISMATCH`, `E_IMAGE_INVALID`. */
  resolve(reference: string, platform: Platform): Promise<ResolvedImage> {
    const name = `${formatPlatform(platform)} ${reference}`;
    const known = this.#known.get(name) ?? this.#resolve(reference, platform);
    this.#known.set(name, known);
    return known;
  }

  async #resolve(text: string, platform: Platform): Promise<ResolvedImage> {
    if (text.startsWith('oci-layout://')) return this.#resolveLayout(text, platform);
    const { registry, store, onResolve } = this.#input;
    const reference = withDefaultTag(parseReference(text));
    const shown = formatReference(reference);
    onResolve(shown, false);
    const client = await registry();
    const pulled = await this.#pulled(client, reference, platform);
    checkPlatform(shown, pulled.config, platform);
    const layers = layersOf(shown, pulled);
    for (const layer of layers) {
      for (const dir of this.#input.layouts ?? []) await this.#learnLayout(dir, layer.descriptor);
      this.#learn(client, reference, layer.descriptor);
    }
    store.put(pulled.configDescriptor.digest, pulled.configBytes);
    onResolve(shown, true);
    return { reference: shown, digest: pulled.manifestDescriptor.digest, config: pulled.config, layers, platform };
  }

  async #pulled(client: RegistryClient, reference: Reference, platform: Platform): Promise<PulledImage> {
    const { memory, signal } = this.#input;
    const shown = formatReference(reference);
    const known = memory && (await recallImage(memory, shown, platform));
    if (known) this.#input.foresee?.(known.pulled.config.rootfs.diff_ids);
    if (known && (await this.#stillNames(client, reference, known.top))) return known.pulled;
    const pulled = await client.image(reference, platform, { signal });
    if (memory) await rememberImage(memory, shown, platform, pulled);
    return pulled;
  }

  /** Whether a reference names what it did. Where nobody can say, it does: a build whose bases are known works without the network. */
  async #stillNames(client: RegistryClient, reference: Reference, top: Digest): Promise<boolean> {
    if (reference.digest !== undefined) return reference.digest === top;
    const { pull, signal, warn } = this.#input;
    try {
      return (await client.resolve(reference, { signal })).digest === top;
    } catch (error) {
      signal.throwIfAborted();
      if (pull || !noAnswer.has(codeOf(error) ?? '')) throw error;
      warn?.(
        'W_BASE_UNCHECKED',
        `${formatReference(reference)} is taken as it was last seen: ${(error as Error).message}`,
        'with --pull the build fails instead',
      );
      return true;
    }
  }

  async #resolveLayout(text: string, platform: Platform): Promise<ResolvedImage> {
    const image = await openLocalImage(text.slice('oci-layout://'.length), platform, this.#input);
    if (!image)
      throw new VarveError('E_IMAGE_UNKNOWN', `there is no layout ${text.slice('oci-layout://'.length)}`, {
        hint: 'write oci-layout://FOLDER, with :NAME or @DIGEST where it holds several images',
      });
    this.#opened.push(image);
    checkPlatform(text, image.config, platform);
    const { digest, config, layers } = image;
    for (const { descriptor } of layers)
      this.#input.blobs.learn(descriptor.digest, {
        description: text,
        open: wanted => Promise.resolve(image.blob(wanted)),
      });
    return { reference: text, digest, config, layers, platform };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const image of this.#opened) await image[Symbol.asyncDispose]();
  }

  async #learnLayout(dir: string, layer: Descriptor): Promise<void> {
    const layout = new Layout(dir);
    if (!(await layout.hasBlob(layer))) return;
    this.#input.blobs.learn(layer.digest, { description: dir, open: async wanted => layout.blob(wanted) });
  }

  #learn(client: RegistryClient, reference: Reference, layer: Descriptor): void {
    const { registry, repository } = reference;
    this.#input.blobs.learn(layer.digest, {
      description: `${registry}/${repository}`,
      repository: { registry, name: repository },
      open: (descriptor, signal) => Promise.resolve(client.blob(reference, descriptor, { signal })),
    });
  }
}

function checkPlatform(shown: string, config: ImageConfig, platform: Platform): void {
  const has = {
    os: config.os,
    architecture: config.architecture,
    ...(config.variant ? { variant: config.variant } : {}),
  };
  if (matchPlatform(platform, has) > 0) return;
  throw new VarveError(
    'E_PLATFORM_MISMATCH',
    `${shown} is an image for ${formatPlatform(has)}, not for ${formatPlatform(platform)}`,
    {
      hint: `use an image for ${formatPlatform(platform)}, or build with --platform ${formatPlatform(has)}`,
    },
  );
}

function layersOf(shown: string, { manifest, config }: PulledImage): ResolvedImage['layers'] {
  const diffIds: readonly Digest[] = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length)
    throw new VarveError(
      'E_IMAGE_INVALID',
      `${shown} is broken: its manifest has ${manifest.layers.length} layers, its config ${diffIds.length}`,
    );
  return manifest.layers.map((descriptor, index) => ({ descriptor, diffId: diffIds[index] as Digest }));
}

import {
  type Descriptor,
  type Digest,
  familiarReference,
  formatRepository,
  isForeignLayer,
  isImageConfig,
  PushAhead,
  type PushMeans,
  type PushProgress,
  parseReference,
  pushContent,
  type Reference,
  type Repository,
  withDefaultTag,
} from '@varve/oci';
import { codeOf } from '../model/error.js';
import type { BuiltImages } from '../model/image.js';
import type { Layer } from '../model/layer.js';
import type { BegunExport, Exporter, ExportResult, ExportTarget, ExportTools } from '../plugin/exporter.js';
import { booleanAttribute, checkAttributes, invalid } from './attributes.js';
import { type BuiltContent, builtContent } from './content.js';
import { manifestFormat } from './oci.js';

/**
 * Pushes to registries, under every name of the target. A blob that is there is skipped, one that another repository of the same registry has
 * is mounted, and only what is left is read and sent, once to a registry; layers are sent while later steps run. `push-by-digest=true` sets no tag. `name-canonical`, which buildx's
 * recipe for several platforms has beside it, is about the names that a daemon's store keeps: it changes nothing here.
 */
export const registryExporter: Exporter = {
  check(target) {
    checkAttributes('registry', target, ['name', 'oci-mediatypes', 'push-by-digest', 'name-canonical']);
    booleanAttribute(target, 'oci-mediatypes');
    booleanAttribute(target, 'push-by-digest');
    booleanAttribute(target, 'name-canonical');
    pushReferences(target);
  },

  begin: (target, tools, signal) => new RegistryPush(target, tools, signal),

  async export(images, target, tools, signal) {
    return new RegistryPush(target, tools, signal).finish(images);
  },
};

/** A push of which layers may be on their way before the images are finished. */
class RegistryPush implements BegunExport {
  readonly #target: ExportTarget;
  readonly #tools: ExportTools;
  readonly #signal: AbortSignal;
  readonly #references: readonly Reference[];
  readonly #means: PushMeans;
  /** Layers that steps of this build made. */
  readonly #made = new Set<Digest>();
  #ahead: PushAhead | undefined;
  #meters: PushMeters | undefined;

  constructor(target: ExportTarget, tools: ExportTools, signal: AbortSignal) {
    this.#target = target;
    this.#tools = tools;
    this.#signal = signal;
    this.#references = pushReferences(target);
    this.#means = {
      client: tools.registry,
      blob: tools.blob,
      mountFrom: (descriptor, registry) => knownPlace(descriptor, registry, tools),
      isNew: ({ digest, mediaType }) => this.#made.has(digest) || (this.#made.size > 0 && isImageConfig(mediaType)),
      // How much there is to be sent is known in the end.
      onProgress: progress => this.#meters?.note(progress),
    };
  }

  layer({ descriptor }: Layer, isNew = false): void {
    if (isNew) this.#made.add(descriptor.digest);
    this.#ahead ??= new PushAhead({ ...this.#means, references: this.#references, signal: this.#signal });
    this.#ahead.push(descriptor);
  }

  stop(reason: unknown): Promise<void> {
    return this.#ahead?.stop(reason) ?? Promise.resolve();
  }

  async finish(images: BuiltImages): Promise<readonly ExportResult[]> {
    const references = this.#references;
    const content = await builtContent(images, this.#tools.blob, manifestFormat(this.#target));
    const meters = new PushMeters(content, this.#tools);
    this.#meters = meters;
    for (const reference of references) meters.begin(reference);
    try {
      await pushContent({
        ...this.#means,
        references,
        graph: content,
        ahead: this.#ahead,
        blob: content.reader.blob,
        signal: this.#signal,
      });
    } catch (error) {
      throw this.#signal.aborted ? this.#signal.reason : error;
    }
    meters.end();
    const byDigest = booleanAttribute(this.#target, 'push-by-digest') === true;
    const { descriptor } = content.root;
    const { digest } = descriptor;
    return references.map(reference => ({
      target: familiarReference(byDigest ? { ...untagged(reference), digest } : reference),
      digest,
      descriptor,
    }));
  }
}

/** The names as references with a tag each; without tags where only digests are to be pushed. Errors: `E_OUTPUT_INVALID`. */
function pushReferences(target: ExportTarget): readonly Reference[] {
  if (target.names.length === 0)
    throw invalid('the output type=registry needs a name', 'write -t HOST/NAME[:TAG], or name= in the output');
  const byDigest = booleanAttribute(target, 'push-by-digest') === true;
  return target.names.map(name => {
    const reference = parseName(name);
    if (reference.digest !== undefined)
      throw invalid(`${name} has a digest, which nobody can choose`, 'write a tag, or push-by-digest=true');
    return byDigest ? untagged(reference) : withDefaultTag(reference);
  });
}

function parseName(name: string): Reference {
  try {
    return parseReference(name);
  } catch (error) {
    if (codeOf(error) !== 'E_BAD_REFERENCE') throw error;
    throw invalid((error as Error).message, (error as { readonly hint?: string }).hint);
  }
}

function untagged({ registry, repository }: Repository): Repository {
  return { registry, repository };
}

function knownPlace(descriptor: Descriptor, registry: string, tools: ExportTools): Repository | undefined {
  const repository = tools.knownIn(descriptor, registry);
  return repository === undefined ? undefined : { registry, repository };
}

/** Adds up what was sent of all blobs to each repository. */
class PushMeters {
  readonly #tools: ExportTools;
  readonly #total: number;
  /** Bytes by blob, by repository. */
  readonly #sent = new Map<string, Map<string, number>>();

  constructor({ blobs }: BuiltContent, tools: ExportTools) {
    this.#tools = tools;
    const own = blobs.filter(({ mediaType }) => !isForeignLayer(mediaType));
    this.#total = own.reduce((sum, { size }) => sum + size, 0);
  }

  begin(reference: Reference): void {
    const name = formatRepository(reference);
    if (!this.#sent.has(name)) this.#report(name, new Map());
  }

  note({ repository, descriptor, sent }: PushProgress): void {
    const name = formatRepository(repository);
    this.#report(name, new Map(this.#sent.get(name)).set(descriptor.digest, sent));
  }

  end(): void {
    for (const name of this.#sent.keys()) this.#tools.progress(name, this.#total, this.#total, true);
  }

  #report(name: string, byBlob: Map<string, number>): void {
    this.#sent.set(name, byBlob);
    const current = [...byBlob.values()].reduce((sum, sent) => sum + sent, 0);
    this.#tools.progress(name, current, this.#total);
  }
}

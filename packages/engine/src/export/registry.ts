import {
  type Descriptor,
  familiarReference,
  formatRepository,
  isForeignLayer,
  type PushProgress,
  parseReference,
  pushContent,
  type Reference,
  type Repository,
  withDefaultTag,
} from '@varve/oci';
import { codeOf } from '../model/error.js';
import type { Exporter, ExportTarget, ExportTools } from '../plugin/exporter.js';
import { booleanAttribute, checkAttributes, invalid } from './attributes.js';
import { type BuiltContent, builtContent } from './content.js';
import { manifestFormat } from './oci.js';

/**
 * Pushes to registries, under every name of the target. A blob that is there is skipped, one that another repository of the same registry has
 * is mounted, and only what is left is read and sent, once to a registry. `push-by-digest=true` sets no tag. `name-canonical`, which buildx's
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

  async export(images, target, tools, signal) {
    const references = pushReferences(target);
    const content = await builtContent(images, tools.blob, manifestFormat(target));
    const meters = new PushMeters(content, tools);
    try {
      await pushContent({
        client: tools.registry,
        references: references.map(reference => meters.begin(reference)),
        graph: content,
        blob: content.reader.blob,
        mountFrom: (descriptor, registry) => knownPlace(descriptor, registry, tools),
        signal,
        onProgress: progress => meters.note(progress),
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    meters.end();
    const byDigest = booleanAttribute(target, 'push-by-digest') === true;
    const { descriptor } = content.root;
    const { digest } = descriptor;
    return references.map(reference => ({
      target: familiarReference(byDigest ? { ...untagged(reference), digest } : reference),
      digest,
      descriptor,
    }));
  },
};

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

  begin(reference: Reference): Reference {
    const name = formatRepository(reference);
    if (!this.#sent.has(name)) this.#report(name, new Map());
    return reference;
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

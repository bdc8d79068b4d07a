import {
  type Descriptor,
  familiarReference,
  formatRepository,
  isForeignLayer,
  type PushBlobOptions,
  parseReference,
  type Reference,
  type RegistryClient,
  type Repository,
  withDefaultTag,
} from '@varve/oci';
import { mapBounded } from '../kit/map-bounded.js';
import { codeOf } from '../model/error.js';
import type { Exporter, ExportTarget, ExportTools } from '../plugin/exporter.js';
import { booleanAttribute, checkAttributes, invalid } from './attributes.js';
import { type BuiltContent, builtContent } from './content.js';
import { manifestFormat } from './oci.js';

/** Blobs on their way to all registries at once. */
const uploads = 4;

/**
 * Pushes to a registry, under every name of the target. A blob that is there is skipped, one that another repository of the same registry has
 * is mounted, and only what is left is read and sent. `push-by-digest=true` sets no tag.
 */
export const registryExporter: Exporter = {
  check(target) {
    checkAttributes('registry', target, ['name', 'oci-mediatypes', 'push-by-digest']);
    booleanAttribute(target, 'oci-mediatypes');
    booleanAttribute(target, 'push-by-digest');
    pushReferences(target);
  },

  async export(images, target, tools, signal) {
    const references = pushReferences(target);
    const content = await builtContent(images, tools.blob, manifestFormat(target));
    const byRepository = new Map<string, Reference[]>();
    for (const reference of references) {
      const name = formatRepository(reference);
      byRepository.set(name, [...(byRepository.get(name) ?? []), reference]);
    }
    const pushes = planPushes([...byRepository.values()], content, tools);
    const blobs = pushes.flatMap(push => push.blobs.map(blob => ({ push, blob })));
    try {
      await mapBounded(blobs, uploads, signal, ({ push, blob }, stop) => push.blob(blob, stop));
      await mapBounded(pushes, uploads, signal, (push, stop) => push.manifests(stop));
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    const byDigest = booleanAttribute(target, 'push-by-digest') === true;
    const { digest } = content.root.descriptor;
    return references.map(reference => ({
      target: familiarReference(byDigest ? { ...untagged(reference), digest } : reference),
      digest,
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

/** What goes to one repository. */
interface RepositoryPush {
  readonly blobs: readonly Descriptor[];
  blob(descriptor: Descriptor, signal: AbortSignal): Promise<void>;
  /** After the blobs: manifests by digest, then what has the name. */
  manifests(signal: AbortSignal): Promise<void>;
}

function planPushes(
  groups: readonly (readonly Reference[])[],
  content: BuiltContent,
  tools: ExportTools,
): readonly RepositoryPush[] {
  const { root, reader } = content;
  const blobs = content.blobs.filter(({ mediaType }) => !isForeignLayer(mediaType));
  return groups.map(references => {
    const [first] = references as readonly [Reference, ...Reference[]];
    const repository = untagged(first);
    const meter = new PushMeter(`push ${formatRepository(repository)}`, blobs, tools);
    return {
      blobs,
      async blob(descriptor, signal) {
        const options = blobOptions(descriptor, repository, tools);
        await tools.registry.pushBlob(repository, descriptor, () => reader.blob(descriptor), {
          ...options,
          signal,
          onProgress: sent => meter.sent(descriptor, sent),
        });
        meter.sent(descriptor, descriptor.size);
      },
      async manifests(signal) {
        for (const { descriptor, bytes } of content.manifests) {
          if (descriptor.digest === root.descriptor.digest) continue;
          await pushManifest(
            tools.registry,
            { ...repository, digest: descriptor.digest },
            { descriptor, bytes },
            signal,
          );
        }
        for (const { tag } of references) {
          const name = tag === undefined ? { digest: root.descriptor.digest } : { tag };
          await pushManifest(tools.registry, { ...repository, ...name }, root, signal);
        }
        meter.end();
      },
    };
  });
}

async function pushManifest(
  registry: RegistryClient,
  reference: Reference,
  { descriptor, bytes }: { readonly descriptor: Descriptor; readonly bytes: Uint8Array },
  signal: AbortSignal,
): Promise<void> {
  await registry.pushManifest(reference, bytes, descriptor.mediaType, { signal });
}

function blobOptions(descriptor: Descriptor, to: Repository, tools: ExportTools): Pick<PushBlobOptions, 'mountFrom'> {
  const known = tools.knownIn(descriptor, to.registry);
  if (known === undefined || known === to.repository) return {};
  return { mountFrom: { registry: to.registry, repository: known } };
}

/** Adds up what was sent of all blobs to one repository. */
class PushMeter {
  readonly #what: string;
  readonly #tools: ExportTools;
  readonly #sent = new Map<string, number>();
  readonly #total: number;
  #current = 0;

  constructor(what: string, blobs: readonly Descriptor[], tools: ExportTools) {
    this.#what = what;
    this.#tools = tools;
    this.#total = blobs.reduce((sum, { size }) => sum + size, 0);
    tools.progress(what, 0, this.#total);
  }

  sent({ digest }: Descriptor, bytes: number): void {
    this.#current += bytes - (this.#sent.get(digest) ?? 0);
    this.#sent.set(digest, bytes);
    this.#tools.progress(this.#what, this.#current, this.#total);
  }

  end(): void {
    this.#tools.progress(this.#what, this.#total, this.#total, true);
  }
}

import { OciError } from '../errors.js';
import type { ContentGraph } from '../model/content.js';
import { isForeignLayer } from '../model/media-types.js';
import { formatRepository, type Reference, type Repository } from '../reference.js';
import { inParallel } from './in-parallel.js';
import type { PushAhead } from './push-ahead.js';
import { type BlobPush, firstRepositories, type PushMeans, pushOne, tellOutcome } from './push-one.js';

export interface PushContentOptions extends PushMeans {
  /** Names for the root, in any number of repositories and registries. One without a tag is pushed by digest. */
  readonly references: readonly Reference[];
  readonly graph: ContentGraph;
  /** What was pushed of it before it was finished. */
  readonly ahead?: PushAhead | undefined;
  /** Blobs on their way at once, to all registries. Default 4. */
  readonly parallel?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What goes to one repository. */
interface Destination {
  readonly repository: Repository;
  readonly references: readonly Reference[];
}

/**
 * Pushes an image or index under several names. What a repository has is not sent; of several repositories of one registry the first
 * gets the bytes, and the others mount them from there. Registries are served at the same time. Manifests follow once every blob is
 * everywhere, and names once all manifests are: a failure leaves no name anywhere, unless it is a name that is refused. Gives the number of
 * blobs that were sent.
 */
export async function pushContent(options: PushContentOptions): Promise<number> {
  const { client, graph, parallel = 4, signal } = options;
  const destinations = destinationsOf(options.references);
  if (destinations.length === 0) throw new OciError('E_BAD_REFERENCE', 'there is no reference to push to');
  const firsts = firstRepositories(options.references);
  const isFirst = ({ repository }: Pick<Destination, 'repository'>): boolean =>
    firsts.get(repository.registry)?.repository === repository.repository;
  const blobs = graph.blobs.filter(({ mediaType }) => !isForeignLayer(mediaType)).sort((a, b) => b.size - a.size);
  let moved = 0;
  const push = async ({ repository, descriptor }: BlobPush, stop: AbortSignal): Promise<void> => {
    const mountFrom = isFirst({ repository })
      ? options.mountFrom?.(descriptor, repository.registry)
      : firsts.get(repository.registry);
    const known = await options.ahead?.outcome(repository, descriptor.digest);
    if (known) tellOutcome(options, { repository, descriptor }, known);
    const outcome = known ?? (await pushOne(options, { repository, descriptor, mountFrom, signal: stop }));
    if (outcome === 'uploaded') moved++;
  };
  for (const wave of [destinations.filter(isFirst), destinations.filter(each => !isFirst(each))]) {
    const pushes = blobs.flatMap(descriptor => wave.map(({ repository }) => ({ repository, descriptor })));
    await inParallel(pushes, { parallel, signal }, push);
  }
  const { descriptor: root, bytes } = graph.root;
  // The root of a single repository comes with its first name: a request less.
  const unnamed = graph.manifests.filter(
    ({ descriptor }) => destinations.length > 1 || descriptor.digest !== root.digest,
  );
  await inParallel(destinations, { parallel, signal }, async ({ repository }, stop) => {
    for (const { descriptor, bytes: content } of unnamed)
      await client.pushManifest({ ...repository, digest: descriptor.digest }, content, descriptor.mediaType, {
        signal: stop,
      });
  });
  await inParallel(destinations, { parallel, signal }, async ({ references }, stop) => {
    const named = references.filter(({ tag }) => tag !== undefined || destinations.length === 1);
    for (const reference of named) await client.pushManifest(reference, bytes, root.mediaType, { signal: stop });
  });
  return moved;
}

function destinationsOf(references: readonly Reference[]): readonly Destination[] {
  const byName = new Map<string, Destination>();
  for (const reference of references) {
    const { registry, repository } = reference;
    const name = formatRepository(reference);
    const known = byName.get(name) ?? { repository: { registry, repository }, references: [] };
    byName.set(name, { ...known, references: [...known.references, reference] });
  }
  return [...byName.values()];
}

import type { Descriptor } from '../model/descriptor.js';
import type { Reference, Repository } from '../reference.js';
import { little } from '../registry/blob-push.js';
import type { PushBlobOutcome, RegistryClient } from '../registry/types.js';

/** Something happened to a blob on its way to a repository. */
export interface PushProgress {
  readonly repository: Repository;
  readonly descriptor: Descriptor;
  readonly state: 'started' | 'moving' | 'exists' | 'mounted' | 'done';
  /** Bytes sent so far; goes back where an upload starts again. */
  readonly sent: number;
}

/** What pushing any blob of an image takes. */
export interface PushMeans {
  readonly client: RegistryClient;
  /** The bytes of a blob, from the start at each call. */
  readonly blob: (descriptor: Descriptor) => AsyncIterable<Uint8Array>;
  /** A repository of the registry that may have the blob. */
  readonly mountFrom?: (descriptor: Descriptor, registry: string) => Repository | undefined;
  /** Whether a blob was made just now, so that no registry is likely to have it: a little of such is sent without asking. */
  readonly isNew?: (descriptor: Descriptor) => boolean;
  readonly onProgress?: (progress: PushProgress) => void;
}

export interface BlobPush {
  readonly repository: Repository;
  readonly descriptor: Descriptor;
  readonly mountFrom?: Repository | undefined;
  readonly signal?: AbortSignal;
  /** How many uploads are to be begun ahead once it was sent. */
  readonly following?: () => number;
}

/** Puts one blob into one repository, unless it is there, and tells how far it is. */
export async function pushOne(means: PushMeans, push: BlobPush): Promise<PushBlobOutcome> {
  const { client, blob } = means;
  const { repository, descriptor, mountFrom, signal, following } = push;
  tell(means, push, 'started', 0);
  const outcome = await client.pushBlob(repository, descriptor, () => blob(descriptor), {
    signal,
    mountFrom,
    skipCheck: descriptor.size <= little && means.isNew?.(descriptor) === true,
    onProgress: sent => tell(means, push, 'moving', sent),
    following,
  });
  tellOutcome(means, push, outcome);
  return outcome;
}

export function tellOutcome(means: PushMeans, push: BlobPush, outcome: PushBlobOutcome): void {
  tell(means, push, outcome === 'uploaded' ? 'done' : outcome, push.descriptor.size);
}

function tell(
  { onProgress }: PushMeans,
  { repository, descriptor }: BlobPush,
  state: PushProgress['state'],
  sent: number,
): void {
  onProgress?.({ repository, descriptor, state, sent });
}

/** Of several repositories of one registry the first, by registry: it gets the bytes, and the others mount them from there. */
export function firstRepositories(references: readonly Reference[]): ReadonlyMap<string, Repository> {
  const firsts = new Map<string, Repository>();
  for (const { registry, repository } of references)
    if (!firsts.has(registry)) firsts.set(registry, { registry, repository });
  return firsts;
}

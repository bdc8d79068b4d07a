import { formatRepository, type Repository } from '../reference.js';
import { startUpload, type UploadPlace } from './blob-push.js';
import type { Endpoint } from './endpoint.js';
import { pushAccess } from './manifests.js';

interface Begun {
  readonly endpoint: Endpoint;
  readonly repository: Repository;
  /** Undefined where the registry would not. */
  readonly place: Promise<UploadPlace | undefined>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Milliseconds for which a registry surely remembers an upload. */
const remembered = 5 * 60_000;
/** Milliseconds that cancelling may take: a registry forgets uploads by itself, a few hours or days later. */
const cancelPatience = 2_000;

/**
 * Uploads that were begun before their blobs are there: whoever then has one need not ask for a place first, which with a registry far away is
 * half of what a small blob takes.
 */
export class BegunUploads {
  readonly #waiting = new Map<string, Begun[]>();
  readonly #ending = new AbortController();

  /** Begins uploads to a repository until so many wait. Does not wait; what goes wrong is left to whoever uploads. */
  begin(endpoint: Endpoint, repository: Repository, count: number): void {
    const name = formatRepository(repository);
    const waiting = this.#fresh(name);
    while (waiting.length < count && !this.#ending.signal.aborted) {
      const begun = startUpload({ endpoint, repository, options: { signal: this.#ending.signal } });
      waiting.push({ endpoint, repository, place: begun.catch(() => undefined), at: Date.now() });
    }
    this.#waiting.set(name, waiting);
  }

  /** The place of one that waits, if there is any; it is the caller's from now on. */
  async take(repository: Repository): Promise<UploadPlace | undefined> {
    return this.#fresh(formatRepository(repository)).shift()?.place;
  }

  /** Cancels those that nobody has taken, as far as their registries let it. Begins nothing any more. */
  async cancel(): Promise<void> {
    this.#ending.abort(new Error('nothing is uploaded any more'));
    const left = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    await Promise.all(left.map(cancelUpload));
  }

  /** Those of a repository that it has not forgotten. */
  #fresh(name: string): Begun[] {
    const waiting = this.#waiting.get(name) ?? [];
    const since = Date.now() - remembered;
    while (waiting[0] !== undefined && waiting[0].at < since) waiting.shift();
    return waiting;
  }
}

/** By DELETE of its location: Docker's registry API has that, distribution-spec does not, and what a registry answers is no matter. */
async function cancelUpload({ endpoint, repository, place: begun }: Begun): Promise<void> {
  const place = await begun;
  if (place === undefined) return;
  const access = pushAccess(endpoint, repository.repository);
  const signal = AbortSignal.timeout(cancelPatience);
  const asked = endpoint.exchange({ method: 'DELETE', target: { url: place.url }, access, signal });
  await asked.then(response => response.body.discard()).catch(() => undefined);
}

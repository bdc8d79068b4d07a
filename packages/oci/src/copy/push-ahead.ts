import type { Descriptor, Digest } from '../model/descriptor.js';
import { isForeignLayer } from '../model/media-types.js';
import { formatRepository, type Reference, type Repository } from '../reference.js';
import type { PushBlobOutcome } from '../registry/types.js';
import { firstRepositories, type PushMeans, pushOne } from './push-one.js';

export interface PushAheadOptions extends PushMeans {
  /** Where the image will go. */
  readonly references: readonly Reference[];
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly key: string;
  readonly repository: Repository;
  readonly descriptor: Descriptor;
}

/**
 * Pushes blobs of an image that is not finished yet, one after the other, to the first repository of each registry. Nothing that goes wrong is
 * an error here: whoever pushes the finished image does it again.
 */
export class PushAhead {
  readonly #options: PushAheadOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #waiting: Waiting[] = [];
  /** What was begun, by place and digest. */
  readonly #begun = new Map<string, Promise<PushBlobOutcome | undefined>>();
  #working: Promise<void> | undefined;
  /** The image is finished, or nobody wants it. */
  #isOver = false;

  constructor(options: PushAheadOptions) {
    this.#options = options;
    const { signal } = options;
    this.#signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }

  /** Pushes a blob after those that were given before. */
  push(descriptor: Descriptor): void {
    if (this.#signal.aborted || isForeignLayer(descriptor.mediaType)) return;
    for (const repository of firstRepositories(this.#options.references).values()) {
      const key = keyOf(repository, descriptor.digest);
      if (!this.#begun.has(key) && !this.#waiting.some(other => other.key === key))
        this.#waiting.push({ key, repository, descriptor });
    }
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** What came of a blob that was begun, once it is there; undefined where it did not get there, or its turn had not come: then it will not any more. */
  async outcome(repository: Repository, digest: Digest): Promise<PushBlobOutcome | undefined> {
    this.#isOver = true;
    const key = keyOf(repository, digest);
    const at = this.#waiting.findIndex(other => other.key === key);
    if (at >= 0) this.#waiting.splice(at, 1);
    return this.#begun.get(key);
  }

  /** Ends what is under way, and begins nothing any more. */
  async stop(reason: unknown): Promise<void> {
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#stop.abort(reason);
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next && !this.#signal.aborted; next = this.#waiting.shift()) {
      const { key, repository, descriptor } = next;
      const mountFrom = this.#options.mountFrom?.(descriptor, repository.registry);
      const isNew = this.#options.isNew?.(descriptor) === true;
      // Where one layer was made another one often is, and the config always.
      const following = (): number => (isNew && !this.#isOver ? 2 : 0);
      const push = { repository, descriptor, mountFrom, signal: this.#signal, following };
      const pushing = pushOne(this.#options, push).catch(() => undefined);
      this.#begun.set(key, pushing);
      await pushing;
    }
  }
}

function keyOf(repository: Repository, digest: Digest): string {
  return `${formatRepository(repository)}@${digest}`;
}

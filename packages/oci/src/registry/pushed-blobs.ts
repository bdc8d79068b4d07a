import type { Digest } from '../model/descriptor.js';
import type { Repository } from '../reference.js';

interface Push {
  readonly repository: Repository;
  /** Whether the blob got there. */
  readonly arrived: Promise<boolean>;
}

/** Finds a repository of the same registry that has got the blob, once what is on its way has arrived. */
export type Elsewhere = () => Promise<Repository | undefined>;

/**
 * Which blobs a client has put into which repositories, those on their way among them: another repository of the same registry mounts them
 * from there, and their bytes are sent once. Whoever comes second waits for the first, never the other way round.
 */
export class PushedBlobs {
  readonly #pushes = new Map<string, Push>();

  /** Pushes a blob to a repository; the same push to the same place is waited for. */
  async push<T>(
    repository: Repository,
    { digest, signal }: { readonly digest: Digest; readonly signal?: AbortSignal | undefined },
    run: (elsewhere: Elsewhere) => Promise<T>,
  ): Promise<T> {
    const key = `${repository.registry} ${digest}`;
    const before = this.#pushes.get(key);
    if (before === undefined) {
      const pushing = run(() => Promise.resolve(undefined));
      this.#enter(key, repository, pushing);
      return pushing;
    }
    const arrived = (): Promise<boolean> => beforeAbort(before.arrived, signal);
    if (before.repository.repository === repository.repository) await arrived();
    const pushing = run(async () => {
      if (await arrived()) return before.repository;
      if (!this.#pushes.has(key)) this.#enter(key, repository, pushing);
      return undefined;
    });
    return pushing;
  }

  #enter(key: string, repository: Repository, pushing: Promise<unknown>): void {
    const arrived = pushing.then(
      () => true,
      () => {
        this.#pushes.delete(key);
        return false;
      },
    );
    this.#pushes.set(key, { repository, arrived });
  }
}

async function beforeAbort<T>(waited: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return waited;
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([waited, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

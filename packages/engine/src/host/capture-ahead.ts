import { withResolvers } from '../model/with-resolvers.js';
import type { FinishedStepLayer } from './protocol.js';

/** How a layer is made of what a root has or gets. */
export interface LayerWork {
  readonly signal: AbortSignal;
  /** Called when the root has no part in it any more. What is left to be done cannot fail but for want of room. */
  free(): void;
}

/** A layer that is made before it is asked for. */
export class CaptureAhead {
  readonly #abort = new AbortController();
  readonly #made: Promise<FinishedStepLayer | null>;
  readonly #freed: Promise<void>;

  constructor(capture: (work: LayerWork) => Promise<FinishedStepLayer | null>) {
    const { promise, resolve: free } = withResolvers();
    this.#freed = promise;
    this.#made = capture({ signal: this.#abort.signal, free });
    this.#made.catch(() => undefined);
  }

  /** Somebody asks for it, and may give it up again. Errors: those of capturing. */
  async take({ signal, free }: LayerWork): Promise<FinishedStepLayer | null> {
    const stop = (): void => this.#abort.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void this.#freed.then(free);
    try {
      return await this.#made;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Nobody will ask for it. */
  async drop(): Promise<void> {
    this.#abort.abort(new Error('nobody wants this layer'));
    await this.#made.catch(() => undefined);
  }
}

import type { ShownTar } from '../layer/shown-tar.js';
import type { LayerVisitor } from '../layer/visitor.js';
import type { Bytes } from '../model/bytes.js';
import { withResolvers } from '../model/with-resolvers.js';
import type { FinishedStepLayer } from './protocol.js';

/** Who else has a part in a layer while it is written. */
export type Companion =
  | {
      readonly visitor: LayerVisitor;
      /** Called when all of it was shown. */
      onRead(): void;
    }
  | { readBy(tar: Bytes): Promise<void> };

/** A layer that somebody lays on a root while it is written: it is written once they begin to. */
export class LayerBeingWritten {
  readonly tar: ShownTar;
  #finished: Promise<FinishedStepLayer | null> | undefined;

  constructor(write: (companion: Companion) => Promise<FinishedStepLayer | null>) {
    const begin = (companion: Companion): Promise<FinishedStepLayer | null> => {
      this.#finished = write(companion);
      this.#finished.catch(() => undefined);
      return this.#finished;
    };
    this.tar = {
      show: visitor =>
        new Promise((resolve, reject) => {
          begin({ visitor, onRead: resolve }).then(() => resolve(), reject);
        }),
      [Symbol.asyncIterator]: () => handedOver(begin),
    };
  }

  /** Errors: those of writing. */
  async finished(): Promise<FinishedStepLayer | null> {
    return (await this.#finished) ?? null;
  }
}

/** The bytes, as one of two readers has them. */
async function* handedOver(
  begin: (companion: Companion) => Promise<unknown>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const given = withResolvers<Bytes>();
  const left = withResolvers();
  const readBy = (tar: Bytes): Promise<void> => {
    given.resolve(tar);
    return left.promise;
  };
  // Where nothing is to be written nobody reads.
  begin({ readBy }).then(() => given.resolve(none()), given.reject);
  try {
    yield* await given.promise;
  } finally {
    left.resolve();
  }
}

async function* none(): Bytes {}

import type { Bytes } from '../model/bytes.js';
import { ProgramThread } from './program-thread.js';
import type { FinishedStepLayer, HostMethods, HostSetup, KnownChanges } from './protocol.js';
import { ringMemory, SlotEmptier } from './slot-ring.js';

/** Writes layers in a thread of its own, so that whoever reads their tars meanwhile writes files. It is a layer host; started when it is needed. */
export class WriterThread {
  readonly #thread: ProgramThread<HostMethods>;

  constructor(setup: HostSetup) {
    this.#thread = new ProgramThread('main', 'writes layers', { workerData: setup });
  }

  /** Writes changes as a layer into the store; `read` reads its tar meanwhile. Errors: those of both; `E_FILE_CHANGING`. */
  async write(
    known: KnownChanges,
    read: (tar: Bytes) => Promise<void>,
    signal: AbortSignal,
  ): Promise<FinishedStepLayer | null> {
    const caller = this.#thread.start();
    const relay = ringMemory(false);
    const slots = new SlotEmptier(relay);
    const abandon = (): void => slots.abandon();
    signal.addEventListener('abort', abandon, { once: true });
    const written = caller.call('writeLayer', { ...known, relay }, { signal, onEvent: () => slots.rung() });
    written.catch(abandon);
    try {
      await read(relayed(slots, written));
      return await written;
    } finally {
      abandon();
      signal.removeEventListener('abort', abandon);
      await written.catch(() => undefined);
    }
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** What comes through the ring; a chunk is valid until the next is asked for. Errors: those of who fills it. */
async function* relayed(slots: SlotEmptier, written: Promise<unknown>): Bytes {
  for (let bytes = await slots.next(); bytes; bytes = await slots.next()) {
    yield bytes;
    slots.emptied();
  }
  await written;
}

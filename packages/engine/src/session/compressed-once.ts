import type { FinishedStepLayer } from '../host/protocol.js';
import { parseCachedStep } from '../model/cached-step.js';
import type { CachedStep } from '../model/key.js';
import type { Memory } from '../plugin/cache.js';
import type { Store } from '../store/store.js';

/** Raised when the notes change their form or meaning. */
const version = 1;

/**
 * A cached layer as another compressor gives it, which is done once: what came of it is remembered by what the layer holds and who compressed
 * it, for as long as the store has it.
 */
export async function compressedOnce(
  { layer, created }: CachedStep & { readonly layer: object },
  fingerprint: string,
  { memory, store }: { readonly memory: Memory; readonly store: Pick<Store, 'has'> },
  compress: () => Promise<FinishedStepLayer>,
): Promise<FinishedStepLayer> {
  const name = `compressed ${version} ${layer.diffId} ${fingerprint}`;
  const [note] = await memory.recall([name]);
  const known = note && parseCachedStep(parseJson(note));
  if (
    known?.layer &&
    known.compressor === fingerprint &&
    known.layer.diffId === layer.diffId &&
    store.has(known.layer.descriptor)
  )
    return { layer: known.layer, compressor: fingerprint };
  const made = await compress();
  const step: CachedStep = { layer: made.layer, compressor: made.compressor, created };
  await memory.remember([{ name, value: Buffer.from(JSON.stringify(step)) }]);
  return made;
}

function parseJson(note: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(note).toString('utf8'));
  } catch {
    return undefined;
  }
}

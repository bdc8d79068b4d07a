import type { ProviderChoice } from '../model/options.js';
import type { LayerCache } from '../plugin/cache.js';
import { CacheStack } from '../providers/cache-stack.js';
import type { BlobOrigin } from '../store/blobs.js';
import type { Session } from './session.js';

/**
 * Opens the caches of a build, in the order in which they are asked. A cache that cannot be opened because it was called wrongly is an
 * error; one that cannot be reached is left out with a warning.
 */
export async function openCaches(session: Session): Promise<CacheStack> {
  const { options, providers, progress, store } = session;
  const choices = options.caches ?? (await defaultCaches(providers));
  const opened = await Promise.all(
    choices.map(async (choice, at) => {
      const provider = await providers.get('cache', choice);
      const cache: LayerCache = await provider.create(session.tools(`cache-${choice.id}`));
      return { name: nameOf(choices, at), cache, shared: provider.traits.shared };
    }),
  );
  const warn = (name: string, error: Error): void =>
    progress.warn(
      'W_CACHE_OFF',
      `the cache ${name} is not used any further in this build: ${error.message}`,
      'the build goes on without it',
    );
  // A cache on this machine keeps its blobs in the store: without the blob its word is worth nothing.
  return new CacheStack(opened, { warn, here: layer => store.has(layer.descriptor) });
}

/** Where none is named: the one of this machine, if a plugin brings it. */
async function defaultCaches(providers: Session['providers']): Promise<readonly ProviderChoice[]> {
  return (await providers.has('cache', 'lmdb')) ? [{ id: 'lmdb', options: {} }] : [];
}

/** A cache as somewhere that may have a layer's blob. */
export function cacheOrigin(caches: CacheStack, name: string): BlobOrigin {
  const repository = caches.repositoryOf(name);
  return {
    description: `the ${name} cache`,
    isCache: true,
    ...(repository ? { repository } : {}),
    open: (layer, signal) => caches.open(name, layer, signal),
  };
}

/** The id of its provider; of several by the same one, all but the first have a number: `registry`, `registry 2`. */
function nameOf(choices: readonly { readonly id: string }[], at: number): string {
  const id = choices[at]?.id ?? '';
  const before = choices.slice(0, at).filter(choice => choice.id === id).length;
  return before === 0 ? id : `${id} ${before + 1}`;
}

import type { ProviderChoice } from '@varve/engine';
import { type Attributes, attributesOf, refuseUnknown } from './attributes.js';
import { csvFields } from './csv.js';
import type { Problems } from './problems.js';
import { BadValue } from './problems.js';
import { parseProvider } from './provider.js';

/** What the three cache flags were given. */
export interface CacheFlags {
  readonly cache: readonly string[];
  readonly from: readonly string[];
  readonly to: readonly string[];
}

const noCaches = 'none';
const defaultCache: ProviderChoice = { id: 'lmdb', options: {} };

/**
 * The stack of caches that the flags ask for, in order; undefined where they say nothing. `--cache-from` and `--cache-to`
 * come after those of `--cache`, or after the default one; a reference in both is one cache that is read and written.
 */
export function parseCaches(flags: CacheFlags, problems: Problems): readonly ProviderChoice[] | undefined {
  if (flags.cache.length + flags.from.length + flags.to.length === 0) return undefined;
  if (flags.cache.includes(noCaches) && flags.cache.length + flags.from.length + flags.to.length > 1) {
    problems.add('--cache', 'it stands alone: no other cache may be named', noCaches);
  }
  const named = flags.cache.filter(value => value !== noCaches);
  const own = problems.attemptAll('--cache', named, parseProvider);
  const written = problems.attemptAll('--cache-to', flags.to, value => buildxCache(value, 'to'));
  const read = problems
    .attemptAll('--cache-from', flags.from, value => buildxCache(value, 'from'))
    .filter(cache => !written.some(other => other.options.ref === cache.options.ref));
  return [...(flags.cache.length === 0 ? [defaultCache] : own), ...read, ...written];
}

/** What does the same as the types of buildx that there are not. */
const insteadOf: Readonly<Record<string, string>> = {
  local: 'layers and the cache of this machine are in the folder of --store, which can be kept and taken along',
  inline: 'write type=registry,ref=HOST/NAME: a cache beside the image, in a repository of its own or the same one',
  gha: 'write type=registry,ref=ghcr.io/OWNER/NAME, or keep the folder of --store with actions/cache',
};

/** `REF` or `type=registry,ref=REF`, as `docker buildx build` writes it. */
function buildxCache(value: string, direction: 'from' | 'to'): ProviderChoice {
  if (!/[=,]/.test(value)) return registryCache(value, direction);
  const { type, ref, ...rest } = attributesOf(csvFields(value));
  if (type === undefined) throw new BadValue('type= is missing');
  if (type !== 'registry') {
    const instead = insteadOf[type] ?? 'only type=registry is, and the cache of this machine needs no flag';
    throw new BadValue(`type=${type} is not supported; ${instead}`);
  }
  if (ref === undefined || ref === '') throw new BadValue('ref= is missing');
  checkFormat(rest, direction);
  return registryCache(ref, direction);
}

/** What is exported is to have the whole build, as with buildx: what other caches knew, too. */
function registryCache(ref: string, direction: 'from' | 'to'): ProviderChoice {
  return {
    id: 'registry',
    options: direction === 'from' ? { ref, mode: 'ro' } : { ref, mode: 'rw', complete: 'true' },
  };
}

/** Attributes that buildx knows and that say how Varve's registry cache works anyway; their opposites are refused. */
function checkFormat(attributes: Attributes, direction: 'from' | 'to'): void {
  const inherent: Record<string, string> = {
    mode: 'max',
    'ignore-error': 'true',
    'image-manifest': 'true',
    'oci-mediatypes': 'true',
  };
  refuseUnknown(attributes, direction === 'from' ? [] : Object.keys(inherent));
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== inherent[key])
      throw new BadValue(`${key}=${value} is not supported; leave it out or write ${key}=${inherent[key]}`);
  }
}

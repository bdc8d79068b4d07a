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

/** `REF` or `type=registry,ref=REF`, as `docker buildx build` writes it. */
function buildxCache(value: string, direction: 'from' | 'to'): ProviderChoice {
  const mode = direction === 'from' ? 'ro' : 'rw';
  if (!/[=,]/.test(value)) return { id: 'registry', options: { ref: value, mode } };
  const { type, ref, ...rest } = attributesOf(csvFields(value));
  if (type === undefined) throw new BadValue('type= is missing');
  if (type !== 'registry') {
    throw new BadValue(
      `type=${type} is not supported; only type=registry is (the cache of this machine needs no flag)`,
    );
  }
  if (ref === undefined || ref === '') throw new BadValue('ref= is missing');
  checkFormat(rest, direction);
  return { id: 'registry', options: { ref, mode } };
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

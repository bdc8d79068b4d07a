import { codeOf, VarveError } from '@varve/engine/plugin';
import { parseReference, type Repository } from '@varve/oci';

/** Where the cache is and what may be done with it. */
export interface RegistryCacheOptions {
  readonly repository: Repository;
  /** First part of every tag: several caches can share a repository. */
  readonly scope: string;
  readonly mode: 'ro' | 'rw';
  /** Milliseconds after which a step counts as unknown; absent: never. */
  readonly ttl?: number;
  /** Steps that other caches knew are put into it, too. */
  readonly complete: boolean;
}

/** A tag has at most 128 characters, of which a key takes 64 and a dash. */
const longestScope = 63;
const defaultScope = 'varve';

/**
 * `ref=HOST/REPOSITORY[:SCOPE]`, `mode=ro|rw` (default rw), `ttl=14d` (units w, d, h, m, s; `1d12h`), `complete=true|false` (default false).
 * Errors: `E_PLUGIN_OPTIONS`, which names all problems.
 */
export function parseOptions(raw: Readonly<Record<string, string>>): RegistryCacheOptions {
  const problems: string[] = [];
  for (const name of Object.keys(raw))
    if (!['ref', 'mode', 'ttl', 'complete'].includes(name)) problems.push(`${name}: there is no such option`);
  const place = parsePlace(raw.ref, problems);
  const { mode = 'rw' } = raw;
  if (mode !== 'ro' && mode !== 'rw') problems.push(`mode: "${mode}" is neither ro nor rw`);
  const ttl = raw.ttl === undefined ? undefined : parseDuration(raw.ttl);
  if (raw.ttl !== undefined && ttl === undefined) problems.push(`ttl: "${raw.ttl}" is not a time such as 14d or 36h`);
  const { complete = 'false' } = raw;
  if (complete !== 'true' && complete !== 'false') problems.push(`complete: "${complete}" is neither true nor false`);
  else if (complete === 'true' && mode === 'ro') problems.push('complete: nothing is written with mode=ro');
  if (problems.length === 0 && place)
    return {
      ...place,
      mode: mode === 'ro' ? 'ro' : 'rw',
      complete: complete === 'true',
      ...(ttl === undefined ? {} : { ttl }),
    };
  throw new VarveError('E_PLUGIN_OPTIONS', `the cache registry was called wrongly: ${problems.join('; ')}`, {
    hint: 'write --cache registry,ref=HOST/REPOSITORY[,mode=ro|rw][,ttl=14d][,complete=true]',
    data: { problems },
  });
}

function parsePlace(
  ref: string | undefined,
  problems: string[],
): Pick<RegistryCacheOptions, 'repository' | 'scope'> | undefined {
  if (ref === undefined || ref === '') {
    problems.push('ref: it is missing');
    return undefined;
  }
  try {
    const { registry, repository, tag: scope = defaultScope, digest } = parseReference(ref);
    if (digest !== undefined) problems.push('ref: a cache has no digest');
    if (scope.length > longestScope) problems.push(`ref: its tag has more than ${longestScope} characters`);
    return { repository: { registry, repository }, scope };
  } catch (error) {
    if (codeOf(error) !== 'E_BAD_REFERENCE') throw error;
    problems.push(`ref: ${(error as Error).message}`);
    return undefined;
  }
}

const units: Readonly<Record<string, number>> = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

function parseDuration(text: string): number | undefined {
  if (!/^(\d+[wdhms])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([wdhms])/g)];
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
  return total > 0 ? total : undefined;
}

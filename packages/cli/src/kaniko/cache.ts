import { formatRepository, parseReference } from '@varve/oci';
import { type FlagValues, isOn, textOf } from '../flags/flag-spec.js';
import type { Problems } from '../options/problems.js';
import { parseGoDuration } from './duration.js';

/** kaniko's cache in the words of `varve build`. */
export interface MappedCache {
  /** Flags of `varve build`. */
  readonly flags: FlagValues;
  /** Repository that it is in. */
  readonly repository?: string;
  /** Folder with base images. */
  readonly layerLayouts: readonly string[];
}

/** Two weeks, as kaniko has it. */
const defaultTtl = '336h';
const none: MappedCache = { flags: { cache: ['none'] }, layerLayouts: [] };

/**
 * `--cache` and its kin. Steps are remembered in `--cache-repo`, or below the first destination; without `--cache` nothing is. What is wrong
 * goes to `problems`.
 */
export function mapCache(flags: FlagValues, destinations: readonly string[], problems: Problems): MappedCache {
  const ttl = problems.attempt('--cache-ttl', textOf(flags, 'cache-ttl') ?? defaultTtl, parseGoDuration);
  if (!isOn(flags, 'cache')) return none;
  const layerLayouts = [textOf(flags, 'cache-dir') ?? '/cache'];
  if (flags['cache-run-layers'] === false) return { ...none, layerLayouts };
  const repo = textOf(flags, 'cache-repo') ?? '';
  const [, folder] = /^oci:(.+)$/s.exec(repo) ?? [];
  if (folder !== undefined) return { flags: { cache: ['lmdb'], store: folder }, layerLayouts };
  const repository = repo !== '' ? repo : destinations[0] && `${repositoryOf(destinations[0])}/cache`;
  if (repository === undefined) {
    problems.add(
      '--cache',
      'nothing says where it is; add --cache-repo, since without a destination none can be inferred',
    );
    return none;
  }
  const mode = isOn(flags, 'no-push-cache') ? 'ro' : 'rw';
  return {
    flags: { cache: [`registry,ref=${repository},mode=${mode},ttl=${ttl}s`] },
    repository,
    layerLayouts,
  };
}

function repositoryOf(name: string): string {
  return formatRepository(parseReference(name));
}

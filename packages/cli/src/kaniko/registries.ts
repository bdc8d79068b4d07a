import { parseReference } from '@varve/oci';
import { type FlagValues, isOn, listOf } from '../flags/flag-spec.js';
import type { KanikoSurroundings } from './surroundings.js';

/** What kaniko's flags say of registries, in the words of `varve build`. */
export interface MappedRegistries {
  /** Flags of `varve build`. */
  readonly flags: FlagValues;
  /** What holds for every registry, which no flag of `varve build` can say. */
  readonly every: { readonly insecure: boolean; readonly skipTlsVerify: boolean };
}

/** @param pushedTo names that are pushed to, the cache's among them: `--insecure` is about their registries. */
export function mapRegistries(
  flags: FlagValues,
  pushedTo: readonly string[],
  { env }: Pick<KanikoSurroundings, 'env'>,
): MappedRegistries {
  const hosts = [...new Set(pushedTo.map(name => parseReference(name).registry))];
  const mirrors = [...listOf(flags, 'registry-mirror'), ...inVariable(env.KANIKO_REGISTRY_MIRROR)];
  const maps = [...listOf(flags, 'registry-map'), ...inVariable(env.KANIKO_REGISTRY_MAP)].flatMap(pairsOf);
  const closed = isOn(flags, 'skip-default-registry-fallback') && mirrors.length + maps.length > 0;
  return {
    flags: {
      'insecure-registry': [...listOf(flags, 'insecure-registry'), ...(isOn(flags, 'insecure') ? hosts : [])],
      'skip-tls-verify-registry': [
        ...listOf(flags, 'skip-tls-verify-registry'),
        ...(isOn(flags, 'skip-tls-verify') ? hosts : []),
      ],
      'registry-certificate': listOf(flags, 'registry-certificate'),
      'registry-client-cert': listOf(flags, 'registry-client-cert'),
      'registry-mirror': mirrors,
      'registry-map': maps,
      ...(closed ? { 'skip-default-registry-fallback': true } : {}),
    },
    every: { insecure: isOn(flags, 'insecure-pull'), skipTlsVerify: isOn(flags, 'skip-tls-verify-pull') },
  };
}

function inVariable(value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : [value];
}

/** `HOST=MIRROR;HOST=MIRROR`, one pair each; a part that is no pair is another mirror of the host before it. */
function pairsOf(text: string): readonly string[] {
  const pairs: string[] = [];
  for (const part of text.split(';')) {
    if (part.includes('=') || pairs.length === 0) pairs.push(part);
    else pairs.push(`${pairs.pop()};${part}`);
  }
  return pairs;
}

import { splitFullPair } from './key-value.js';
import { BadValue } from './problems.js';

const target = /^((?:index|manifest|index-descriptor|manifest-descriptor)(?:\[[^\]]*\])?(?:,[^:]*)?):/;

/** `[manifest:]NAME=VALUE`. The other targets that buildx knows are refused. */
export function parseAnnotation(text: string): { readonly name: string; readonly value: string } {
  const where = target.exec(text)?.[1];
  if (where !== undefined && where !== 'manifest') {
    throw new BadValue(`annotations of ${where} are not supported, only those of manifests`);
  }
  return splitFullPair(where === undefined ? text : text.slice(where.length + 1));
}

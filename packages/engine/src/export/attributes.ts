import { resolve } from 'node:path';
import { didYouMean } from '@varve/dockerfile';
import { VarveError } from '../model/error.js';
import type { ExportTarget } from '../plugin/exporter.js';

/** Attributes that `docker buildx build` has and Varve says elsewhere: what to write instead. */
const saidElsewhere: Readonly<Record<string, string>> = {
  compression: 'write --compression gzip|zstd|none',
  'compression-level': 'write --compression gzip,level=N',
  'force-compression': 'base layers are kept as they are; --compression is for the layers that the build makes',
  'rewrite-timestamp': 'set SOURCE_DATE_EPOCH in the environment: times in layers follow it',
  'registry.insecure': 'write --insecure-registry HOST',
  push: 'write type=registry, or --push',
};

/** Refuses attributes that the output does not have. Errors: `E_OUTPUT_INVALID`. */
export function checkAttributes(type: string, target: ExportTarget, known: readonly string[]): void {
  for (const name of Object.keys(target.attributes)) {
    if (known.includes(name)) continue;
    throw invalid(
      `the output type=${type} has no attribute ${name}`,
      saidElsewhere[name] ?? didYouMean(name, known) ?? `it has: ${known.join(', ')}`,
    );
  }
}

/** A switch: `true`, `1`, `false`, `0`, or nothing written. Errors: `E_OUTPUT_INVALID`. */
export function booleanAttribute(target: ExportTarget, name: string): boolean | undefined {
  const value = target.attributes[name];
  if (value === undefined) return undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw invalid(`${name}=${value} is neither true nor false`);
}

/** The absolute path of `dest=`, or `-`. Errors: `E_OUTPUT_INVALID` where it is missing. */
export function destination(type: string, target: ExportTarget): string {
  const { dest } = target.attributes;
  if (dest === undefined || dest === '')
    throw invalid(`the output type=${type} needs dest=PATH`, `write -o type=${type},dest=…`);
  return dest === '-' ? '-' : resolve(target.cwd, dest);
}

export function invalid(message: string, hint?: string): VarveError {
  return new VarveError('E_OUTPUT_INVALID', message, hint === undefined ? {} : { hint });
}

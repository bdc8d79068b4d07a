import { isDigest } from '@varve/oci';
import type { CachedStep, CacheKey } from './key.js';

/**
 * What a cache stored, read back: the value as a {@link CachedStep} of exactly its fields, or undefined where it is none. Caches hold
 * what other versions, other people or a torn disk wrote, so nothing of it is trusted by its type.
 */
export function parseCachedStep(value: unknown): CachedStep | undefined {
  if (!isObject(value)) return undefined;
  const { layer, created, compressor, filesKey } = value;
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created)) || typeof compressor !== 'string')
    return undefined;
  const stands = typeof filesKey === 'string' && isKey(filesKey) ? { filesKey } : {};
  if (layer === null) return { layer, compressor, created, ...stands };
  if (!isObject(layer) || !isObject(layer.descriptor)) return undefined;
  const { diffId } = layer;
  const { mediaType, digest, size } = layer.descriptor;
  if (typeof diffId !== 'string' || !isDigest(diffId)) return undefined;
  if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string') return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return { layer: { descriptor: { mediaType, digest, size }, diffId }, compressor, created, ...stands };
}

function isKey(text: string): text is CacheKey {
  return /^[0-9a-f]{64}$/.test(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

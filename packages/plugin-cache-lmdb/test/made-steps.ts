import type { CachedStep, CacheKey, KeyRecord, StepToSave } from '@varve/engine/plugin';

const hex = (n: number): string => n.toString(16).padStart(64, '0');

export function keyNumber(n: number): CacheKey {
  return hex(n) as CacheKey;
}

export function stepNumber(n: number): CachedStep {
  return {
    layer: {
      descriptor: {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: `sha256:${hex(n + 1000)}`,
        size: n + 1,
      },
      diffId: `sha256:${hex(n + 2000)}`,
    },
    compressor: 'gzip-6',
    created: '2026-01-02T03:04:05Z',
  };
}

export function saveNumber(n: number, place?: string, record?: KeyRecord): StepToSave {
  return {
    key: keyNumber(n),
    record: record ?? { version: 1, kind: 'run', fields: { command: `make ${n}` } },
    step: stepNumber(n),
    ...(place === undefined ? {} : { place }),
    async *blob() {},
  };
}

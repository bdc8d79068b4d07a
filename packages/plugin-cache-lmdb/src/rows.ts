import { type KeyRecord, parseCachedStep } from '@varve/engine/plugin';
import type { PlaceRow, StepRow } from './database.js';

/** A stored step, or undefined where the value is none. */
export function parseStepRow(value: unknown): StepRow | undefined {
  if (!isObject(value)) return undefined;
  const { kind, place, used } = value;
  const step = parseCachedStep(value.step);
  if (!step || typeof kind !== 'string' || typeof used !== 'number') return undefined;
  return { step, kind, ...(typeof place === 'string' ? { place } : {}), used };
}

/** The records of a place; what is none of them is left out. */
export function parsePlaceRow(value: unknown): PlaceRow {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) =>
    isObject(item) && typeof item.key === 'string' && isKeyRecord(item.record)
      ? [{ key: item.key, record: item.record }]
      : [],
  );
}

function isKeyRecord(value: unknown): value is KeyRecord {
  if (!isObject(value) || !isObject(value.fields)) return false;
  if (typeof value.version !== 'number' || typeof value.kind !== 'string') return false;
  return Object.values(value.fields).every(field => typeof field === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

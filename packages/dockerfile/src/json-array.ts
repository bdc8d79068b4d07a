import { isSpace, skipSpace } from './text.js';

/** One string of a JSON array: its value and where it stands in the text. */
export interface JsonString {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** `array`: an array of strings. `other`: a JSON array of something else. `none`: not a JSON array. */
export type JsonReading =
  | { readonly kind: 'array'; readonly items: readonly JsonString[] }
  | { readonly kind: 'other'; readonly start: number; readonly end: number }
  | { readonly kind: 'none' };

const none: JsonReading = { kind: 'none' };

/**
 * Reads `text` as an array of strings. What is no well-formed JSON array is `none`, and then means a shell form or a
 * list of words; a well-formed array with a member that is no string is a mistake (`other`).
 */
export function readJsonArray(text: string): JsonReading {
  const begin = skipSpace(text, 0);
  if (text.charCodeAt(begin) !== 0x5b) return none;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.slice(begin));
  } catch {
    return none;
  }
  if (!Array.isArray(parsed) || hasInfinity(parsed)) return none;
  const items: JsonString[] = [];
  let at = begin + 1;
  for (const member of parsed as readonly unknown[]) {
    while (isSpace(text.charCodeAt(at)) || text.charCodeAt(at) === 0x2c) at++;
    if (typeof member !== 'string') return { kind: 'other', start: at, end: Math.max(at + 1, text.lastIndexOf(']')) };
    const end = stringEnd(text, at);
    items.push({ value: member.toWellFormed(), start: at, end });
    at = end;
  }
  return { kind: 'array', items };
}

/** The index after the string literal that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return Math.min(at + 1, text.length);
}

/** The reference refuses numbers beyond the range of a double, and so falls back to the shell form. */
function hasInfinity(value: unknown): boolean {
  const open: unknown[] = [value];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (item === Number.POSITIVE_INFINITY || item === Number.NEGATIVE_INFINITY) return true;
    if (typeof item === 'object' && item !== null) open.push(...Object.values(item));
  }
  return false;
}

import { didYouMean } from '../show/nearest.js';
import { BadValue } from './problems.js';

const powers: Readonly<Record<string, number>> = { b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** A size as Docker reads it (`64m`, `1.5 GB`, `512KiB`): units are powers of 1024. In bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text.trim());
  if (match === null) throw new BadValue('not a size such as 64m, 1.5g or 65536');
  const bytes = Math.floor(Number(match[1]) * 1024 ** (powers[(match[2] || 'b').toLowerCase()] ?? 0));
  if (!Number.isSafeInteger(bytes)) throw new BadValue('the size is too large');
  return bytes;
}

/** A size that is to be more than nothing. */
export function parsePositiveSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes === 0) throw new BadValue('the size must be more than 0');
  return bytes;
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) throw new BadValue('not a whole number from 1');
  return count;
}

const spans: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A span such as `90m`, `12h`, `7d`, `1h30m`. In milliseconds. */
export function parseSpan(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhdw])/g)];
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== text) {
    throw new BadValue('not a span of time such as 90m, 12h or 7d');
  }
  return parts.reduce((sum, part) => sum + Number(part[1]) * (spans[part[2] ?? 's'] ?? 1) * 1000, 0);
}

const ulimits = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

/** `NAME=SOFT[:HARD]`, -1 for no limit; gives the same with both values. */
export function parseUlimit(text: string): string {
  const match = /^([^=]*)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (match === null) throw new BadValue('not of the form NAME=SOFT[:HARD], such as nofile=1024:4096');
  const [, name = '', softText = '', hardText = softText] = match;
  if (!ulimits.includes(name)) {
    throw new BadValue(`there is no limit ${name}; ${didYouMean(name, ulimits) ?? `there are ${ulimits.join(', ')}`}`);
  }
  const [soft, hard] = [Number(softText), Number(hardText)];
  if (soft < -1 || hard < -1) throw new BadValue('a limit is a number from 0, or -1 for none');
  if (hard !== -1 && (soft === -1 || soft > hard)) throw new BadValue('the soft limit is above the hard one');
  return `${name}=${soft}:${hard}`;
}

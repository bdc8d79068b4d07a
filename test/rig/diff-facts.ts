import { isDeepStrictEqual } from 'node:util';
import { diffHistory } from './diff-history.js';
import type { FileFacts, ImageFacts } from './image-facts.js';

/** One thing that two images do not have in common. */
export interface Difference {
  /** `config.Env`, or the path of a file. */
  readonly where: string;
  /** `presence`, or the fact that differs: mode, uid, sha256 … */
  readonly what: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** A difference that is meant to be: which ones, and why. */
export interface Allowance {
  readonly reason: string;
  readonly covers: (difference: Difference, about: Compared) => boolean;
}

/** The two images under comparison, and when the building of them began (seconds since 1970). */
export interface Compared {
  readonly ours: ImageFacts;
  readonly theirs: ImageFacts;
  readonly since: number;
}

const fileFacts = ['mode', 'uid', 'gid', 'size', 'sha256', 'target', 'device', 'hardLinks', 'xattrs', 'mtime'] as const;

/** Every difference between two images that no allowance covers. */
export function diffFacts(about: Compared, allowances: readonly Allowance[]): Difference[] {
  const { ours, theirs } = about;
  const all = [
    ...diffConfig(ours, theirs),
    ...diffHistory(ours.config.history, theirs.config.history),
    ...diffFiles(ours.files, theirs.files),
  ];
  return all.filter(difference => !allowances.some(allowance => allowance.covers(difference, about)));
}

function diffConfig(ours: ImageFacts, theirs: ImageFacts): Difference[] {
  const found: Difference[] = [];
  for (const what of ['architecture', 'os', 'author'] as const) {
    if (ours.config[what] !== theirs.config[what]) {
      found.push({ where: what, what: 'value', ours: ours.config[what], theirs: theirs.config[what] });
    }
  }
  const left = ours.config.config ?? {};
  const right = theirs.config.config ?? {};
  for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()) {
    if (isDeepStrictEqual(canonical(left[key]), canonical(right[key]))) continue;
    found.push({ where: `config.${key}`, what: 'value', ours: left[key], theirs: right[key] });
  }
  return found;
}

/** Absent, null, empty and false mean the same in an image config, and the order of keys means nothing. */
function canonical(value: unknown): unknown {
  if (value === null || value === '' || value === false) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? undefined : value;
  return value;
}

function diffFiles(ours: ReadonlyMap<string, FileFacts>, theirs: ReadonlyMap<string, FileFacts>): Difference[] {
  const found: Difference[] = [];
  for (const path of [...new Set([...ours.keys(), ...theirs.keys()])].sort()) {
    const left = ours.get(path);
    const right = theirs.get(path);
    if (left === undefined || right === undefined) {
      found.push({ where: path, what: 'presence', ours: left?.type ?? 'absent', theirs: right?.type ?? 'absent' });
    } else if (left.type !== right.type) {
      found.push({ where: path, what: 'type', ours: left.type, theirs: right.type });
    } else {
      for (const what of fileFacts) {
        if (!isDeepStrictEqual(left[what], right[what])) {
          found.push({ where: path, what, ours: left[what], theirs: right[what] });
        }
      }
    }
  }
  return found;
}

const shown = 40;

/** Differences as text, one a line, for the message of a failing test. */
export function showDifferences(differences: readonly Difference[], ours = 'varve', theirs = 'docker'): string {
  const lines = differences
    .slice(0, shown)
    .map(
      ({ where, what, ours: left, theirs: right }) =>
        `${where}: ${what}: ${ours} ${brief(left)}, ${theirs} ${brief(right)}`,
    );
  const rest = differences.length - lines.length;
  return [...lines, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

import { posix } from 'node:path';
import type { Allowance } from '../rig/diff-facts.js';

/**
 * What may differ between two histories: the BuildKits that Debian has (0.8, 0.12) word some entries otherwise than the newest, whose words
 * Varve takes (moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go), and a step that changes nothing makes no layer in Varve.
 */
export const historyAllowances: readonly Allowance[] = [
  {
    reason: 'Docker makes an empty layer of a step that changes no file; Varve makes none, and its history says so',
    covers: ({ where, what, ours, theirs }, images) => {
      const step = images.ours.config.history?.[Number(where.slice('history.'.length))]?.created_by ?? '';
      return what === 'empty_layer' && ours === true && theirs !== true && /^(RUN|COPY|ADD|WORKDIR) /.test(step);
    },
  },
  ...Object.entries<Meaning>({
    'older ones show EXPOSE as the map that Go prints': exposed,
    'older ones show HEALTHCHECK as the pointer that Go prints, 0.8 without StartInterval': healthcheck,
    'older ones show the default of an ARG, and not the value that it was given': argument,
    'older ones name an argument for each time that it was declared, and none of the stage below': command,
    'older ones leave the flags of COPY and ADD out': withoutFlags,
    '0.8 shows a WORKDIR as it is written': directory,
  }).map(
    ([reason, meaning]): Allowance => ({
      reason,
      covers: ({ what, ours, theirs }) =>
        what === 'created_by' &&
        meaning(String(ours)) !== undefined &&
        meaning(String(ours)) === meaning(String(theirs)),
    }),
  ),
];

/** What an entry says, whichever version words it; undefined for one of another instruction. */
type Meaning = (createdBy: string) => string | undefined;

function exposed(text: string): string | undefined {
  if (!text.startsWith('EXPOSE ')) return undefined;
  return [...new Set(text.match(/\d+\/[a-z]+/g))].sort().join(' ');
}

function healthcheck(text: string): string | undefined {
  const newer =
    /^HEALTHCHECK \{Test:\[(.*)\] Interval:(\S+) Timeout:(\S+) StartPeriod:(\S+) StartInterval:(\S+) /s.exec(text);
  if (newer) return newer.slice(1).join('|');
  const older = /^HEALTHCHECK &\{\[(.*)\] "(\S+)" "(\S+)" "(\S+)"(?: "(\S+)")? '.+'\}$/s.exec(text);
  if (!older) return undefined;
  const [test = '', interval, timeout, period, startInterval = '0s'] = older.slice(1);
  const words = (test.match(/"(?:\\.|[^"\\])*"/g) ?? []).map(word => JSON.parse(word) as string);
  return [words.join(' '), interval, timeout, period, startInterval].join('|');
}

function argument(text: string): string | undefined {
  // One argument alone: where values hold spaces, several cannot be told apart.
  return /^ARG \w+/.exec(text)?.[0];
}

function command(text: string): string | undefined {
  return /^RUN .*# buildkit$/s.test(text) ? text.replace(/^RUN \|\d+ .*? (?=\/bin\/\w+ )/s, 'RUN ') : undefined;
}

function withoutFlags(text: string): string | undefined {
  return /^(COPY|ADD) /.test(text) ? text.replace(/ --(chown|chmod)=\S+/g, '').replace(' --parents', '') : undefined;
}

function directory(text: string): string | undefined {
  const path = /^WORKDIR (.*)$/s.exec(text)?.[1];
  return path === undefined ? undefined : posix.resolve('/', path);
}

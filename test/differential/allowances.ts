import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Allowance } from '../rig/diff-facts.js';
import type { ImageFacts } from '../rig/image-facts.js';
import { historyAllowances } from './older-history.js';

/** What may differ between an image of Varve's and one that Docker builds from the same Dockerfile, and why. */
export const allowances: readonly Allowance[] = [
  ...historyAllowances,
  {
    reason: "the root itself is in no layer of Docker 26.1, and keeps the base's time there",
    covers: ({ where, what, ours }, images) => where === '/' && what === 'mtime' && isRecent(ours, images.since),
  },
  {
    reason:
      "a folder that is there keeps its time in Varve's layers; in Docker's it gets that of the build when something in it changes",
    covers: ({ where, what, theirs }, images) =>
      what === 'mtime' && isRecent(theirs, images.since) && isFolder(images.ours, where),
  },
  {
    reason:
      "Docker's overlay cannot rename a folder of the base, so mv copies it, and links get the time of that; Varve's roots can",
    covers: ({ where, what, ours, theirs }, images) =>
      what === 'mtime' &&
      !isRecent(ours, images.since) &&
      isRecent(theirs, images.since) &&
      images.ours.files.get(where)?.type === 'symlink',
  },
  {
    reason: 'a file that a step writes has the time of that step, in both builds',
    covers: ({ what, ours, theirs }, { since }) => what === 'mtime' && isRecent(ours, since) && isRecent(theirs, since),
  },
  {
    reason:
      'Docker leaves the empty folders behind that it mounts over in a RUN; a layer of Varve holds what the step did',
    covers: ({ where, what, ours, theirs }, images) =>
      what === 'presence' &&
      ['/proc', '/sys', '/dev'].includes(where) &&
      ours === 'absent' &&
      theirs === 'directory' &&
      ![...images.theirs.files.keys()].some(path => path.startsWith(`${where}/`)),
  },
  {
    reason: 'of all xattrs Docker writes security.capability alone into a layer; Varve keeps those of users too',
    covers: ({ what, ours, theirs }) =>
      what === 'xattrs' && isDeepStrictEqual(withoutUsers(ours), withoutUsers(theirs)),
  },
  {
    reason: "Docker's COPY leaves out fifos and makes empty files of devices; Varve copies what is there",
    covers: ({ what, ours, theirs }) =>
      (what === 'presence' && ours === 'fifo') ||
      (what === 'type' && String(ours).endsWith('device') && theirs === 'file'),
  },
  {
    reason:
      "a change through one name of a hard-link group reaches all its names, as on any file system; Docker's overlay parts that name from the others",
    covers: ({ where, what }, { ours, theirs, since }) => {
      const left = ours.files.get(where);
      const right = theirs.files.get(where);
      const group = left?.hardLinks ?? [];
      if (left === undefined || right === undefined || (right.hardLinks?.length ?? 1) >= group.length) return false;
      if (!(right.hardLinks ?? []).every(name => group.includes(name))) return false;
      if (what === 'hardLinks') return true;
      if (what === 'mtime' && isRecent(left.mtime, since)) return true;
      return group.some(name => isDeepStrictEqual(theirs.files.get(name)?.[what as 'mode'], left[what as 'mode']));
    },
  },
  {
    reason: 'two names of one symbolic link become two links to the same target: Varve keeps link groups of files',
    covers: ({ where, what, ours }, images) =>
      what === 'hardLinks' && ours === undefined && images.theirs.files.get(where)?.type === 'symlink',
  },
  {
    reason:
      'directories that a COPY makes have an octal --chmod of it since BuildKit 0.21 (tonistiigi/fsutil#228); before, 0755',
    covers: ({ where, what, ours, theirs }, images) =>
      /\/chmod[.-]/.test(where) &&
      what === 'mode' &&
      isFolder(images.ours, where) &&
      // Below a setgid directory they are setgid in both.
      /^[02]755$/.test(String(theirs)) &&
      ours === String(theirs).replace(/5$/, '0'),
  },
  {
    reason: 'BuildKit 0.8 keeps a WORKDIR as it is written; newer ones clean it as Varve does',
    covers: ({ where, ours, theirs }) =>
      where === 'config.WorkingDir' && ours === posix.normalize(String(theirs)).replace(/(.)\/$/, '$1'),
  },
];

function isFolder({ files }: ImageFacts, path: string): boolean {
  return files.get(path)?.type === 'directory';
}

function isRecent(time: unknown, since: number): boolean {
  return typeof time === 'number' && time >= since;
}

function withoutUsers(xattrs: unknown): Record<string, string> {
  const entries = Object.entries((xattrs ?? {}) as Record<string, string>);
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('user.')));
}

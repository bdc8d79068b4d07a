import type { Allowance } from '../rig/diff-facts.js';

/** What may differ between an image of Varve's and one that Docker (BuildKit 0.8) builds from the same Dockerfile, and why. */
export const allowances: readonly Allowance[] = [
  {
    reason:
      'a folder changes its time whenever something in it does, and a link has the time of its making: both are of the build',
    covers: ({ where, what, ours, theirs }, images) =>
      what === 'mtime' &&
      (isRecent(ours, images.since) || isRecent(theirs, images.since)) &&
      images.ours.files.get(where)?.type !== 'file',
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
];

function isRecent(time: unknown, since: number): boolean {
  return typeof time === 'number' && time >= since;
}

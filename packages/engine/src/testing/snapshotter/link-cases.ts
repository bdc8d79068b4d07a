import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { setTimes } from '../../sys/times.js';
import type { BaseFiles } from './base-files.js';
import type { SnapshotCase } from './case.js';
import { baseTimeNs, type SnapshotRig } from './rig.js';

function retarget(rig: SnapshotRig, target: string): void {
  unlinkSync(rig.at('d/link'));
  symlinkSync(target, rig.at('d/link'));
  setTimes(rig.at('d/link'), baseTimeNs);
}

/** A file with a name in each of two directories. */
const twoPlaces: BaseFiles = {
  d: { type: 'directory' },
  'd/one': 'in two places',
  e: { type: 'directory' },
  'e/two': { type: 'link', to: 'd/one' },
};

/** Symbolic and hard links. */
export const linkCases: readonly SnapshotCase[] = [
  {
    name: 'link retarget of equal length, with restored mtimes',
    act: rig => rig.keepingTime('d', () => retarget(rig, 'FILE')),
    expect: ['write d/link'],
  },
  {
    name: 'link made again as it was',
    act: rig => rig.keepingTime('d', () => retarget(rig, 'file')),
    expect: [],
  },
  {
    name: 'link that leads nowhere',
    act: rig => symlinkSync('/no/where', rig.at('d/l')),
    expect: ['write d', 'write d/l'],
  },
  {
    name: 'link out of the root',
    act: rig => symlinkSync('../../../..', rig.at('d/l')),
    expect: ['write d', 'write d/l'],
  },
  {
    name: 'link to a directory is not followed',
    act: rig => symlinkSync('full', rig.at('d/l')),
    expect: ['write d', 'write d/l'],
  },
  {
    name: 'file becomes a link',
    act: rig =>
      rig.keepingTime('d', () => {
        unlinkSync(rig.at('d/file'));
        symlinkSync('other', rig.at('d/file'));
      }),
    expect: ['write d/file'],
  },
  {
    name: 'link becomes a file',
    act: rig =>
      rig.keepingTime('d', () => {
        unlinkSync(rig.at('d/link'));
        rig.write('d/link', 'file');
      }),
    expect: ['write d/link'],
  },
  {
    name: 'hard link added',
    act: rig => linkSync(rig.at('d/file'), rig.at('d/name2')),
    expect: ['write d', 'write d/file', 'write d/name2'],
  },
  {
    name: 'hard link added to a group',
    act: rig => linkSync(rig.at('d/twin1'), rig.at('d/twin3')),
    expect: ['write d', 'write d/twin1', 'write d/twin2', 'write d/twin3'],
  },
  {
    name: 'hard link in another directory',
    act: rig => linkSync(rig.at('d/file'), rig.at('d/full/b/name2')),
    expect: ['write d/file', 'write d/full/b', 'write d/full/b/name2'],
  },
  {
    name: 'hard link removed',
    act: rig => rmSync(rig.at('d/twin2')),
    expect: ['write d', 'write d/twin1', 'delete d/twin2'],
  },
  {
    name: 'link group split by an equal copy',
    act: rig =>
      rig.keepingTime('d', () => {
        copyFileSync(rig.at('d/twin2'), rig.at('d/copy'));
        setTimes(rig.at('d/copy'), baseTimeNs);
        renameSync(rig.at('d/copy'), rig.at('d/twin2'));
      }),
    expect: ['write d/twin1', 'write d/twin2'],
  },
  {
    name: 'files joined to a link group',
    act: rig =>
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/other'));
        linkSync(rig.at('d/file'), rig.at('d/other'));
      }),
    expect: ['write d/file', 'write d/other'],
  },
  {
    name: 'two link groups exchange a name',
    base: {
      a1: 'a',
      a2: { type: 'link', to: 'a1' },
      b1: 'b',
      b2: { type: 'link', to: 'b1' },
    },
    act: rig => {
      renameSync(rig.at('a2'), rig.at('x'));
      renameSync(rig.at('b2'), rig.at('a2'));
      renameSync(rig.at('x'), rig.at('b2'));
    },
    expect: ['write .', 'write a1', 'write a2', 'write b1', 'write b2'],
  },
  {
    name: 'append through one name of a link group',
    act: rig => appendFileSync(rig.at('d/twin2'), '!'),
    expect: ['write d/twin1', 'write d/twin2'],
  },
  {
    name: 'chmod through one name of a link group',
    act: rig => chmodSync(rig.at('d/twin2'), 0o600),
    expect: ['write d/twin1', 'write d/twin2'],
  },
  {
    name: 'name of a link group moved',
    act: rig => renameSync(rig.at('d/twin2'), rig.at('d/full/twin2')),
    expect: ['write d', 'write d/full', 'write d/full/twin2', 'write d/twin1', 'delete d/twin2'],
  },
  {
    name: 'name of a link group written to and removed',
    act: rig =>
      rig.keepingTime('d', () => {
        appendFileSync(rig.at('d/twin2'), '!');
        rmSync(rig.at('d/twin2'));
      }),
    expect: ['write d/twin1', 'delete d/twin2'],
  },
  {
    name: 'directory with a name of a link group removed',
    base: twoPlaces,
    act: rig => rmSync(rig.at('d'), { recursive: true }),
    expect: ['write .', 'delete d', 'write e/two'],
  },
  {
    name: 'name of a link group written to, and its directory removed',
    base: twoPlaces,
    act: rig => {
      appendFileSync(rig.at('d/one'), '!');
      rmSync(rig.at('d'), { recursive: true });
    },
    expect: ['write .', 'delete d', 'write e/two'],
  },
  {
    name: 'directory with a name of a link group renamed',
    base: twoPlaces,
    act: rig => renameSync(rig.at('d'), rig.at('f')),
    expect: ['write .', 'delete d', 'write e/two', 'write f', 'write f/one'],
  },
  {
    name: 'directory with a name of a link group becomes a link to where it went',
    base: twoPlaces,
    act(rig) {
      renameSync(rig.at('d'), rig.at('f'));
      symlinkSync('f', rig.at('d'));
    },
    expect: ['write .', 'write d', 'write e/two', 'write f', 'write f/one'],
  },
];

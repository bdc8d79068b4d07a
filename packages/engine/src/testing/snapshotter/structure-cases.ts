import { mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { isNotPermitted, makeDevice, makeFifo } from '../../sys/index.js';
import { setTimes } from '../../sys/times.js';
import type { SnapshotCase } from './case.js';
import { baseTimeNs, type SnapshotRig } from './rig.js';

function unlessDevices(rig: SnapshotRig): string | undefined {
  try {
    makeDevice(rig.at('d/probe'), 'char', 0o666, { major: 1, minor: 3 });
    return undefined;
  } catch (error) {
    if (isNotPermitted(error)) return 'may not make devices';
    throw error;
  } finally {
    rmSync(rig.at('d/probe'), { force: true });
    setTimes(rig.at('d'), baseTimeNs);
  }
}

/** What comes, goes and becomes something else. */
export const structureCases: readonly SnapshotCase[] = [
  { name: 'file made', act: rig => rig.write('d/new', 'n'), expect: ['write d', 'write d/new'] },
  { name: 'file removed', act: rig => rmSync(rig.at('d/file')), expect: ['write d', 'delete d/file'] },
  { name: 'empty directory made', act: rig => mkdirSync(rig.at('d/new')), expect: ['write d', 'write d/new'] },
  {
    name: 'directory removed',
    act: rig => rmSync(rig.at('d/full'), { recursive: true }),
    expect: ['write d', 'delete d/full'],
  },
  {
    name: 'file made and removed, mtime of its directory restored',
    act: rig =>
      rig.keepingTime('d', () => {
        rig.write('d/new', 'n');
        rmSync(rig.at('d/new'));
      }),
    expect: [],
  },
  {
    name: 'file becomes a directory',
    act: rig =>
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/file'));
        mkdirSync(rig.at('d/file'));
        rig.write('d/file/x', 'x');
      }),
    expect: ['replace d/file', 'write d/file/x'],
  },
  {
    name: 'directory becomes a file',
    act: rig =>
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/full'), { recursive: true });
        rig.write('d/full', 'f');
      }),
    expect: ['write d/full'],
  },
  {
    name: 'directory becomes a link to where it went',
    act: rig =>
      rig.keepingTime('d', () => {
        renameSync(rig.at('d/full/b'), rig.at('d/empty/b'));
        symlinkSync('../empty/b', rig.at('d/full/b'));
      }),
    expect: [
      'write d/empty',
      'write d/empty/b',
      'write d/empty/b/c',
      'write d/empty/b/e',
      'write d/full',
      'write d/full/b',
    ],
  },
  {
    name: 'link becomes a directory',
    act: rig =>
      rig.keepingTime('d', () => {
        unlinkSync(rig.at('d/link'));
        mkdirSync(rig.at('d/link'));
      }),
    expect: ['replace d/link'],
  },
  {
    name: 'file becomes a directory and a file again',
    act: async rig => {
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/file'));
        mkdirSync(rig.at('d/file'));
        rig.write('d/file/x', 'x');
      });
      await rig.capture();
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/file'), { recursive: true });
        rig.write('d/file', 'hello, world');
      });
    },
    expect: ['write d/file'],
  },
  {
    name: 'file becomes a pipe',
    act: rig =>
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/file'));
        makeFifo(rig.at('d/file'), 0o600);
      }),
    expect: ['write d/file'],
  },
  {
    name: 'device made, and made another',
    unless: unlessDevices,
    act: async rig => {
      makeDevice(rig.at('d/null'), 'char', 0o666, { major: 1, minor: 3 });
      setTimes(rig.at('d/null'), baseTimeNs);
      await rig.capture();
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/null'));
        makeDevice(rig.at('d/null'), 'char', 0o666, { major: 1, minor: 5 });
        setTimes(rig.at('d/null'), baseTimeNs);
      });
    },
    expect: ['write d/null'],
  },
  {
    name: 'directory removed and made again with other content',
    act: rig =>
      rig.keepingTime('d', () => {
        rmSync(rig.at('d/full'), { recursive: true });
        mkdirSync(rig.at('d/full'));
        rig.write('d/full/z', 'z');
        setTimes(rig.at('d/full'), baseTimeNs);
      }),
    expect: ['delete d/full/a', 'delete d/full/b', 'write d/full/z'],
  },
  {
    name: 'rename of a deep directory',
    act: rig => renameSync(rig.at('d/full'), rig.at('d/moved')),
    expect: [
      'write d',
      'delete d/full',
      'write d/moved',
      'write d/moved/a',
      'write d/moved/b',
      'write d/moved/b/c',
      'write d/moved/b/e',
    ],
  },
  {
    name: 'rename and back, mtimes restored',
    act: rig =>
      rig.keepingTime('d', () => {
        renameSync(rig.at('d/full'), rig.at('d/moved'));
        renameSync(rig.at('d/moved'), rig.at('d/full'));
        renameSync(rig.at('d/file'), rig.at('d/away'));
        renameSync(rig.at('d/away'), rig.at('d/file'));
      }),
    expect: [],
  },
  {
    name: 'two files exchange their names',
    act: rig =>
      rig.keepingTime('d', () => {
        renameSync(rig.at('d/file'), rig.at('d/x'));
        renameSync(rig.at('d/other'), rig.at('d/file'));
        renameSync(rig.at('d/x'), rig.at('d/other'));
      }),
    expect: ['write d/file', 'write d/other'],
  },
  {
    name: 'directory moved over an empty one',
    act: rig =>
      rig.keepingTime('d', () => {
        rmdirSync(rig.at('d/empty'));
        renameSync(rig.at('d/full/b'), rig.at('d/empty'));
      }),
    expect: ['write d/empty/c', 'write d/empty/e', 'write d/full', 'delete d/full/b'],
  },
];

import {
  appendFileSync,
  closeSync,
  copyFileSync,
  ftruncateSync,
  openSync,
  renameSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { setTimes } from '../../sys/times.js';
import type { SnapshotCase } from './case.js';
import { baseTimeNs, setSeconds } from './rig.js';
import { writeThroughMapping } from './shared-mapping.js';

const large = 'large '.repeat(500_000);

/** What happens inside files. */
export const contentCases: readonly SnapshotCase[] = [
  { name: 'nothing', act: () => {}, expect: [] },
  { name: 'append', act: rig => appendFileSync(rig.at('d/file'), '!'), expect: ['write d/file'] },
  { name: 'edit of the same size', act: rig => rig.write('d/file', 'HELLO, WORLD'), expect: ['write d/file'] },
  {
    name: 'edit of the same size with restored mtime',
    act: rig => rig.keepingTime('d/file', () => rig.write('d/file', 'HELLO, WORLD')),
    expect: ['write d/file'],
  },
  { name: 'truncation', act: rig => truncateSync(rig.at('d/file')), expect: ['write d/file'] },
  { name: 'touch', act: rig => setSeconds(rig.at('d/file'), 1_700_000_000), expect: ['write d/file'] },
  {
    name: 'touch and back',
    act: rig => rig.keepingTime('d/file', () => setSeconds(rig.at('d/file'), 1_700_000_000)),
    expect: [],
  },
  {
    name: 'mtime moved by one nanosecond',
    act: rig => setTimes(rig.at('d/file'), baseTimeNs + 1n),
    expect: ['write d/file'],
  },
  { name: 'mtime before 1970', act: rig => utimesSync(rig.at('d/file'), -5, -5), expect: ['write d/file'] },
  {
    name: 'rewritten with equal content and restored mtime',
    act: rig => rig.keepingTime('d/file', () => rig.write('d/file', 'hello, world')),
    expect: [],
  },
  {
    name: 'replaced by an equal copy with restored mtimes',
    act: rig =>
      rig.keepingTime('d', () => {
        copyFileSync(rig.at('d/file'), rig.at('d/copy'));
        setTimes(rig.at('d/copy'), baseTimeNs);
        renameSync(rig.at('d/copy'), rig.at('d/file'));
      }),
    expect: [],
  },
  {
    name: 'replaced by a rename',
    act: rig => {
      rig.write('d/new', 'another one!');
      renameSync(rig.at('d/new'), rig.at('d/file'));
    },
    expect: ['write d', 'write d/file'],
  },
  {
    name: 'replaced by another file of the same size and mtime',
    act: rig =>
      rig.keepingTime('d', () => {
        rig.write('d/new', 'HELLO, WORLD');
        setTimes(rig.at('d/new'), baseTimeNs);
        renameSync(rig.at('d/new'), rig.at('d/file'));
      }),
    expect: ['write d/file'],
  },
  {
    name: 'sparse file',
    act: rig => {
      const fd = openSync(rig.at('d/sparse'), 'w');
      ftruncateSync(fd, 8 * 1024 * 1024);
      writeSync(fd, 'end', 8 * 1024 * 1024 - 3);
      closeSync(fd);
    },
    expect: ['write d', 'write d/sparse'],
  },
  {
    name: 'one byte in the middle of a large file, with restored mtime',
    base: { big: large },
    act: rig =>
      rig.keepingTime('big', () => {
        const fd = openSync(rig.at('big'), 'r+');
        writeSync(fd, '#', 1_500_000);
        closeSync(fd);
      }),
    expect: ['write big'],
  },
  {
    name: 'large file rewritten with equal content and restored mtime',
    base: { big: large },
    act: rig => rig.keepingTime('big', () => rig.write('big', large)),
    expect: [],
  },
  {
    name: 'content changed through a shared mapping',
    act: rig => writeThroughMapping(rig.at('d/file'), Buffer.from('J')),
    expect: ['write d/file'],
  },
  {
    name: 'content changed through a shared mapping, with restored mtime',
    act: rig => rig.keepingTime('d/file', () => writeThroughMapping(rig.at('d/file'), Buffer.from('J'))),
    expect: ['write d/file'],
  },
  {
    name: 'equal content written through a shared mapping, with restored mtime',
    act: rig => rig.keepingTime('d/file', () => writeThroughMapping(rig.at('d/file'), Buffer.from('h'))),
    expect: [],
  },
  {
    name: 'file of an earlier step edited with restored mtime',
    act: async rig => {
      rig.write('d/made', 'first');
      await rig.capture();
      rig.keepingTime('d/made', () => rig.write('d/made', 'FIRST'));
    },
    expect: ['write d/made'],
  },
  {
    name: 'file of an earlier step rewritten with equal content and restored mtime',
    act: async rig => {
      rig.write('d/made', 'first');
      await rig.capture();
      rig.keepingTime('d/made', () => rig.write('d/made', 'first'));
    },
    expect: [],
  },
  {
    name: 'file that is newer than the baseline edited at once, mtime equal',
    act: async rig => {
      await rig.lay([
        {
          kind: 'write',
          path: 'racy',
          entry: {
            type: 'file',
            mode: 0o644,
            uid: process.getuid?.() ?? 0,
            gid: process.getgid?.() ?? 0,
            size: 4,
            mtimeNs: baseTimeNs,
          },
          content: { kind: 'bytes', bytes: Buffer.from('racy') },
        },
      ]);
      rig.keepingTime('racy', () => rig.write('racy', 'RACY'));
    },
    expect: ['write racy'],
  },
];

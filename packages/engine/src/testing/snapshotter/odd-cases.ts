import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { bytesToPath } from '../../path/bytes.js';
import { setTimes } from '../../sys/times.js';
import type { SnapshotCase } from './case.js';
import { baseTimeNs, type SnapshotRig } from './rig.js';

const many = 100_000;

/** Names that are not usual, and a world that does not stand still. */
export const oddCases: readonly SnapshotCase[] = [
  {
    name: 'names of 255 bytes',
    act: rig => rig.write(`d/${'ü'.repeat(127)}x`, 'long'),
    expect: ['write d', `write d/${'ü'.repeat(127)}x`],
  },
  {
    name: 'names that are not UTF-8',
    act: rig => {
      rig.write(Buffer.from('d/\xff\xfe', 'latin1'), 'bytes');
      rig.write(Buffer.from('d/\xe9t\xe9', 'latin1'), 'latin1');
    },
    expect: [
      'write d',
      `write d/${bytesToPath(Buffer.from('\xe9t\xe9', 'latin1'))}`,
      `write d/${bytesToPath(Buffer.from('\xff\xfe', 'latin1'))}`,
    ],
  },
  {
    name: 'file whose name is not UTF-8 edited with restored mtime',
    base: { 'na\udcefme': 'content' },
    act: rig => {
      rig.write(Buffer.from('na\xefme', 'latin1'), 'CONTENT');
      setTimes(Buffer.concat([Buffer.from(`${rig.dir}/`), Buffer.from('na\xefme', 'latin1')]), baseTimeNs);
    },
    expect: ['write na\udcefme'],
  },
  {
    name: 'names with spaces, newlines, backslashes and composed letters',
    act: rig => {
      for (const name of [' ', 'a\nb', 'a\\b', '-rf', 'e\u0301', '\u00e9']) rig.write(`d/${name}`, name);
    },
    expect: [
      'write d',
      'write d/ ',
      'write d/-rf',
      'write d/a\nb',
      'write d/a\\b',
      'write d/e\u0301',
      'write d/\u00e9',
    ],
  },
  {
    name: 'order of names around the slash',
    act: rig => {
      for (const name of ['a', 'a-b', 'a.b', 'aa']) mkdirSync(rig.at(name));
      for (const name of ['a/x', 'a-b/x', 'a.b/x', 'aa/x']) rig.write(name, 'x');
    },
    expect: [
      'write .',
      'write a',
      'write a/x',
      'write a-b',
      'write a-b/x',
      'write a.b',
      'write a.b/x',
      'write aa',
      'write aa/x',
    ],
  },
  {
    name: 'two hundred directories deep',
    act: rig => {
      mkdirSync(rig.at(`d/${'n/'.repeat(200)}`), { recursive: true });
      rig.write(`d/${'n/'.repeat(200)}file`, 'deep');
    },
    expect: [
      'write d',
      ...Array.from(
        { length: 200 },
        (_, i) =>
          `write d/${Array(i + 1)
            .fill('n')
            .join('/')}`,
      ),
      `write d/${'n/'.repeat(200)}file`,
    ],
  },
  {
    name: 'sockets are left out',
    act: async rig => {
      const server = createServer().listen(rig.at('s'));
      await once(server, 'listening');
      const changes = await rig.capture();
      server.close();
      await once(server, 'close');
      assert.deepEqual(
        changes.map(change => change.path),
        [''],
      );
    },
    // It was removed when the server was closed.
    expect: ['write .'],
  },
  {
    name: '100,000 files in one directory',
    isLarge: true,
    act: async rig => {
      mkdirSync(rig.at('many'));
      for (let i = 0; i < many; i++) writeFileSync(rig.at(`many/${i}`), '');
      await rig.writeLayer();
      rig.keepingTime('many', () => rmSync(rig.at('many/77777')));
    },
    expect: ['delete many/77777'],
  },
  {
    name: 'ignored paths',
    ignore: ['d/full', 'd/new', 'made/by/engine', 'd/gone'],
    act: rig =>
      rig.keepingTime('d', () => {
        rig.write('d/full/a', 'not ours');
        rig.write('d/new', 'not ours');
        mkdirSync(rig.at('made/by/engine'), { recursive: true });
        rig.write('made/by/engine/file', 'not ours');
        rig.write('d/file', 'ours');
      }),
    expect: ['write .', 'write d/file', 'write made', 'write made/by'],
  },
  {
    name: 'ignored paths that vanish',
    ignore: ['d/full/b', 'd/file'],
    act: rig =>
      rig.keepingTime('d', () => {
        rig.keepingTime('d/full', () => rmSync(rig.at('d/full/b'), { recursive: true }));
        rmSync(rig.at('d/file'));
      }),
    expect: [],
  },
  {
    name: 'steps one after the other',
    act: async rig => {
      rig.write('d/one', '1');
      await rig.capture();
      rig.keepingTime('d', () => rig.write('d/two', '2'));
      await rig.capture();
      rig.keepingTime('d', () => rmSync(rig.at('d/one')));
    },
    expect: ['delete d/one'],
  },
  {
    name: 'layers one upon the other',
    act: async rig => {
      await rig.lay([
        { kind: 'delete', path: 'd/file' },
        { kind: 'delete', path: 'd/full/b' },
        { kind: 'delete', path: 'd/twin2' },
      ]);
      await rig.lay([{ kind: 'delete', path: 'd/link' }]);
    },
    expect: [],
  },
  {
    name: 'a layer between steps',
    act: async rig => {
      rig.write('d/one', '1');
      await rig.capture();
      await rig.lay([{ kind: 'delete', path: 'd/one' }]);
      assert.deepEqual(await rig.capture(), []);
      await rig.lay([{ kind: 'delete', path: 'd/twin2' }]);
    },
    expect: [],
  },
  {
    name: 'a set that is not read to its end is found again',
    act: async rig => {
      rig.write('d/one', '1');
      rmSync(rig.at('d/file'));
      for await (const _ of rig.root.capture([], AbortSignal.timeout(300_000))) break;
      await rig.root.beforeRun();
    },
    expect: ['write d', 'delete d/file', 'write d/one'],
  },
  {
    name: 'a process that still writes',
    act: async rig => {
      await whileWriting(rig, async () => {
        for (let i = 0; i < 5; i++) await rig.writeLayer();
      });
      await rig.writeLayer();
    },
    expect: [],
  },
];

/** Runs `act` while another process makes, grows, links, replaces and removes files in `d`. */
async function whileWriting(rig: SnapshotRig, act: () => Promise<void>): Promise<void> {
  const script = `
    const fs = require('node:fs');
    for (let i = 0; ; i++) {
      const at = process.argv[1] + '/busy' + (i % 7);
      try {
        if (i % 3 === 0) fs.rmSync(at, { recursive: true, force: true });
        if (i % 5 === 0) fs.mkdirSync(at + '/in', { recursive: true });
        else if (i % 4 === 0) fs.linkSync(at, process.argv[1] + '/busy' + (i % 3));
        else fs.appendFileSync(at, 'x'.repeat(i % 5000));
        fs.renameSync(at, process.argv[1] + '/moved' + (i % 5));
      } catch {}
      if (i === 20) console.log('ready');
    }`;
  const child = spawn(process.execPath, ['-e', script, rig.at('d')], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    await act();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

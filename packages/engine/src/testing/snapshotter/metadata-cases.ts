import { chmodSync, chownSync, lchownSync, lstatSync } from 'node:fs';
import { removeXattr, setXattr } from '../../sys/index.js';
import type { SnapshotCase } from './case.js';
import type { SnapshotRig } from './rig.js';

const unlessRoot = (): string | undefined => (process.getuid?.() === 0 ? undefined : 'needs root');
const value = (text: string): Buffer => Buffer.from(text);

function unlessXattrs(rig: SnapshotRig): string | undefined {
  return rig.root.entry('d/with-xattr')?.xattrs === undefined || !canSetXattr(rig)
    ? 'the file system keeps no user xattrs'
    : undefined;
}

function canSetXattr(rig: SnapshotRig): boolean {
  try {
    setXattr(rig.at('d/with-xattr'), 'user.note', value('one'));
    return true;
  } catch {
    return false;
  }
}

/** cap_net_bind_service+ep, in its v2 form. */
export const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** What happens to what is said of files. */
export const metadataCases: readonly SnapshotCase[] = [
  { name: 'chmod', act: rig => chmodSync(rig.at('d/file'), 0o600), expect: ['write d/file'] },
  { name: 'setuid bit', act: rig => chmodSync(rig.at('d/file'), 0o4644), expect: ['write d/file'] },
  {
    name: 'chmod and back',
    act: rig => {
      chmodSync(rig.at('d/file'), 0o600);
      chmodSync(rig.at('d/file'), 0o644);
    },
    expect: [],
  },
  { name: 'chmod of a directory', act: rig => chmodSync(rig.at('d/full/b'), 0o1777), expect: ['write d/full/b'] },
  { name: 'chmod of the root', act: rig => chmodSync(rig.dir, 0o711), expect: ['write .'] },
  { name: 'chown', unless: unlessRoot, act: rig => chownSync(rig.at('d/file'), 12, 0), expect: ['write d/file'] },
  { name: 'chgrp', unless: unlessRoot, act: rig => chownSync(rig.at('d/file'), 0, 34), expect: ['write d/file'] },
  {
    name: 'large ids',
    unless: unlessRoot,
    act: rig => chownSync(rig.at('d/file'), 4_000_000_000, 262_145),
    expect: ['write d/file'],
  },
  {
    name: 'chown to the owner that it has',
    act: rig => {
      const { uid, gid } = lstatSync(rig.at('d/file'));
      for (const path of ['d/file', 'd/other', 'd/full', 'd/twin1']) chownSync(rig.at(path), uid, gid);
    },
    expect: [],
  },
  {
    name: 'owner of a link',
    unless: unlessRoot,
    act: rig => lchownSync(rig.at('d/link'), 5, 5),
    expect: ['write d/link'],
  },
  {
    name: 'setcap alone',
    unless: unlessRoot,
    act: rig => setXattr(rig.at('d/file'), 'security.capability', capability),
    expect: ['write d/file'],
  },
  {
    name: 'xattr set',
    unless: unlessXattrs,
    act: rig => setXattr(rig.at('d/file'), 'user.note', value('new')),
    expect: ['write d/file'],
  },
  {
    name: 'xattr changed, equal length',
    unless: unlessXattrs,
    act: rig => setXattr(rig.at('d/with-xattr'), 'user.note', value('two')),
    expect: ['write d/with-xattr'],
  },
  {
    name: 'xattr removed',
    unless: unlessXattrs,
    act: rig => removeXattr(rig.at('d/with-xattr'), 'user.note'),
    expect: ['write d/with-xattr'],
  },
  {
    name: 'xattr set to what it was',
    unless: unlessXattrs,
    act: rig => setXattr(rig.at('d/with-xattr'), 'user.note', value('one')),
    expect: [],
  },
  {
    name: 'xattr of a directory',
    unless: unlessXattrs,
    act: rig => setXattr(rig.at('d/empty'), 'user.note', value('dir')),
    expect: ['write d/empty'],
  },
];

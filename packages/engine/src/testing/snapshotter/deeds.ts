import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { treeOfFolder } from '../../kit/scan-folder.js';
import { onDisk } from '../../path/bytes.js';
import { makeDevice, makeFifo, setXattr } from '../../sys/index.js';
import { setTimes } from '../../sys/times.js';
import { exchange } from './exchange.js';
import { capability } from './metadata-cases.js';
import { knownPlace, longest, newPlace, type Place, pathOf } from './place.js';
import type { Random } from './random.js';
import { writeThroughMapping } from './shared-mapping.js';

/**
 * What a random step can do to a path. `sneak` edits and puts the time back; `same` writes the same again and puts the time back; `replace`
 * moves a file of the same time over it; `map` writes through a shared mapping; `swap` exchanges two paths in one call.
 */
const deedKinds = [
  'write',
  'append',
  'truncate',
  'map',
  'sneak',
  'same',
  'replace',
  'mkdir',
  'remove',
  'chmod',
  'chown',
  'xattr',
  'capability',
  'rename',
  'swap',
  'link',
  'symlink',
  'fifo',
  'device',
] as const;
export type DeedKind = (typeof deedKinds)[number];

/** What is not possible does nothing, on every root alike. */
export interface Deed {
  readonly do: DeedKind;
  readonly path: Place;
  /** Where renaming and linking lead. */
  readonly to: Place;
  readonly content: string;
  readonly mode: number;
}

const contents = ['', 'x', 'y', 'longer', 'LONGER'] as const;
/** Who is not root unpacks nothing that is setuid, and no directory that he may not write to. */
const isRoot = process.getuid?.() === 0;
const modes = [0o600, 0o755, isRoot ? 0o4711 : 0o711] as const;
/** Files and directories are needed for anything to happen to them, and renames and links make the hard cases. */
const often: readonly DeedKind[] = ['write', 'mkdir', 'rename', 'link'];
const weighted: readonly DeedKind[] = [...deedKinds, ...often, ...often, 'write', 'mkdir'];
const making: ReadonlySet<DeedKind> = new Set(['mkdir', 'symlink', 'fifo', 'device']);
/** Names of one link, pipe or device are not known as such by layers, so only files get more names. */
const ofFiles: ReadonlySet<DeedKind> = new Set([
  ...(['append', 'truncate', 'map', 'sneak', 'same', 'replace', 'capability', 'link'] as const),
]);
const deedsMost = 14;

/** Two to four steps of some deeds. */
export function randomSteps(random: Random, without: readonly DeedKind[]): readonly (readonly Deed[])[] {
  const kinds = weighted.filter(kind => !without.includes(kind) && (isRoot || kind !== 'chmod'));
  return Array.from({ length: 2 + random.below(3) }, () =>
    Array.from({ length: random.below(deedsMost + 1) }, () => randomDeed(random, random.of(kinds))),
  );
}

function randomDeed(random: Random, kind: DeedKind): Deed {
  const isNew = making.has(kind) || (kind === 'write' && random.below(2) === 0);
  const toKnown = kind === 'swap' || (kind !== 'replace' && random.below(4) === 0);
  return {
    do: kind,
    path: isNew ? newPlace(random, kind !== 'mkdir') : knownPlace(random, ofFiles.has(kind) ? 'files' : 'everything'),
    to: toKnown ? knownPlace(random, 'everything') : newPlace(random, kind === 'link'),
    content: random.of(contents),
    mode: random.of(modes),
  };
}

/** Does a step to a root; what was touched gets a time that is the same on every root. Gives the deeds with the paths that they were done to. */
export function doStep(dir: string, deeds: readonly Deed[], step: number): readonly Deed[] {
  const done: Deed[] = [];
  for (const deed of deeds) {
    const [path, to] = [pathOf(deed.path, dir), pathOf(deed.to, dir)];
    if (path === undefined || to === undefined) continue;
    done.push({ ...deed, path: { path }, to: { path: to } });
    try {
      carryOut[deed.do](onDisk(dir, path), deed, onDisk(dir, to));
    } catch (error) {
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
    }
  }
  // Setting a time touches nothing else, so the order does not matter.
  for (const { path, entry } of [...treeOfFolder(dir).walk()]) {
    if (entry.mtimeNs > 1_600_000_000_000_000_000n)
      setTimes(onDisk(dir, path), BigInt(1_000_000_000 + step) * 1_000_000_000n);
  }
  return done;
}

const { O_APPEND, O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants;

const carryOut: Readonly<Record<DeedKind, (at: string | Buffer, deed: Deed, to: string | Buffer) => void>> = {
  write: (at, { content }) => writeWith(at, content, O_TRUNC),
  append: (at, { content }) => writeWith(at, content, O_APPEND),
  truncate: (at, { content }) => ofFile(at, () => truncateSync(at, content.length)),
  map: (at, { content }) =>
    ofFile(at, ({ size }) => {
      const bytes = Buffer.from(content).subarray(0, Number(size));
      if (bytes.length > 0) writeThroughMapping(at, bytes);
    }),
  sneak: (at, { content }) => keepingTime(at, () => writeFileSync(at, content)),
  same: at => keepingTime(at, () => writeFileSync(at, readFileSync(at))),
  replace: (at, { content }, to) =>
    ofFile(at, ({ mtimeNs }) => {
      writeWith(to, content, O_TRUNC);
      setTimes(to, mtimeNs);
      renameSync(to, at);
    }),
  mkdir: at => mkdirSync(at),
  remove: at => rmSync(at, { recursive: true }),
  chmod: (at, { mode }) => {
    if (!lstatSync(at).isSymbolicLink()) chmodSync(at, mode);
  },
  chown: (at, { mode }) => lchownSync(at, mode, 5),
  xattr: (at, { content }) => setXattr(at, 'user.note', Buffer.from(content)),
  capability: at => ofFile(at, () => setXattr(at, 'security.capability', capability)),
  // One that fails in the end moves times of directories where an overlay is on ext4.
  rename: (at, _, to) => {
    if (namesIn(to).length === 0) renameSync(at, to);
  },
  // An overlay gives no directory, nor what is in one, a path of more than 255 bytes.
  swap: (at, _, to) => {
    if (![at, to].some(isDirectory) || ![at, to].some(isLong)) exchange(at, to);
  },
  link: (at, _, to) => ofFile(at, () => linkSync(at, to)),
  symlink: (at, _, to) => symlinkSync(basename(to), at),
  fifo: (at, { mode }) => makeFifo(at, mode),
  device: (at, { mode }) => makeDevice(at, 'char', mode, { major: 1, minor: 3 }),
};

function isDirectory(at: string | Buffer): boolean {
  return lstatSync(at, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isLong(at: string | Buffer): boolean {
  return Buffer.from(at).includes(longest);
}

/** A pipe that stands there, or that a link leads to, is an error and nothing to wait for. */
function writeWith(at: string | Buffer, content: string, flag: number): void {
  const fd = openSync(at, O_WRONLY | O_CREAT | O_NONBLOCK | flag);
  try {
    writeFileSync(fd, content);
  } finally {
    closeSync(fd);
  }
}

/** None of what is not there or no directory. */
function namesIn(path: string | Buffer): readonly unknown[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() ? readdirSync(path) : [];
}

function basename(path: string | Buffer): Buffer {
  const bytes = Buffer.from(path);
  return bytes.subarray(bytes.lastIndexOf('/') + 1);
}

/** Only for files: what a link leads to may be anywhere. */
function ofFile(at: string | Buffer, act: (stat: BigIntStats) => void): void {
  const stat = lstatSync(at, { bigint: true });
  if (stat.isFile()) act(stat);
}

function keepingTime(at: string | Buffer, act: () => void): void {
  ofFile(at, ({ mtimeNs }) => {
    act();
    setTimes(at, mtimeNs);
  });
}

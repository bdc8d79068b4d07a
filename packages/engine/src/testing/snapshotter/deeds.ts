import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { treeOfFolder } from '../../kit/scan-folder.js';
import { onDisk } from '../../path/bytes.js';
import { setTimes } from '../../sys/times.js';
import type { Random } from './random.js';

/** What a random step can do to a path. `sneak` edits and puts the time back; `same` writes the same again and puts the time back. */
export const deedKinds = [
  'write',
  'append',
  'sneak',
  'same',
  'mkdir',
  'remove',
  'chmod',
  'rename',
  'link',
  'symlink',
] as const;
export type DeedKind = (typeof deedKinds)[number];

/** What is not possible does nothing, on every root alike. */
export interface Deed {
  readonly do: DeedKind;
  readonly path: string;
  /** Where renaming and linking lead. */
  readonly to: string;
  readonly content: string;
  readonly mode: number;
}

const names = ['a', 'b', 'ab', 'a-b', 'é', '\udcff'] as const;
const contents = ['', 'x', 'y', 'longer', 'LONGER'] as const;
const modes = [0o600, 0o755, 0o4711] as const;
/** Directories are needed for anything to happen in them, and renames make the hard cases. */
const weighted: readonly DeedKind[] = [...deedKinds, 'write', 'mkdir', 'mkdir', 'rename', 'rename'];

/** Two to four steps of up to twelve deeds. */
export function randomSteps(random: Random, without: readonly DeedKind[]): readonly (readonly Deed[])[] {
  const kinds = weighted.filter(kind => !without.includes(kind));
  const path = (): string => Array.from({ length: 1 + random.below(3) }, () => random.of(names)).join('/');
  const deed = (): Deed => ({
    do: random.of(kinds),
    path: path(),
    to: path(),
    content: random.of(contents),
    mode: random.of(modes),
  });
  return Array.from({ length: 2 + random.below(3) }, () => Array.from({ length: random.below(13) }, deed));
}

/** Does a step to a root; what was touched gets a time that is the same on every root. */
export function doStep(dir: string, deeds: readonly Deed[], step: number): void {
  for (const deed of deeds) {
    try {
      carryOut(dir, deed);
    } catch (error) {
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
    }
  }
  // Setting a time touches nothing else, so the order does not matter.
  for (const { path, entry } of [...treeOfFolder(dir).walk()]) {
    if (entry.mtimeNs > 1_600_000_000_000_000_000n)
      setTimes(onDisk(dir, path), BigInt(1_000_000_000 + step) * 1_000_000_000n);
  }
}

function carryOut(dir: string, deed: Deed): void {
  const at = onDisk(dir, deed.path);
  if (deed.do === 'write') writeFileSync(at, deed.content);
  else if (deed.do === 'append') appendFileSync(at, deed.content);
  else if (deed.do === 'sneak') keepingTime(at, () => writeFileSync(at, deed.content));
  else if (deed.do === 'same') keepingTime(at, () => writeFileSync(at, readFileSync(at)));
  else if (deed.do === 'mkdir') mkdirSync(at);
  else if (deed.do === 'remove') rmSync(at, { recursive: true });
  else if (deed.do === 'rename') renameSync(at, onDisk(dir, deed.to));
  else if (deed.do === 'link') linkSync(at, onDisk(dir, deed.to));
  else if (deed.do === 'symlink') symlinkSync(deed.to.replaceAll('\udcff', '?'), at);
  else if (!lstatSync(at).isSymbolicLink()) chmodSync(at, deed.mode);
}

/** Only for files: what a link leads to may be anywhere. */
function keepingTime(at: string | Buffer, act: () => void): void {
  const stat = lstatSync(at, { bigint: true });
  if (!stat.isFile()) return;
  act();
  setTimes(at, stat.mtimeNs);
}

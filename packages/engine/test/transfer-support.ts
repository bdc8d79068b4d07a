import { expandInstruction, parseDockerfile } from '@varve/dockerfile';
import type { Change, FileContent } from '../src/model/change.js';
import type { FileEntry } from '../src/model/file-entry.js';
import type { TreePath } from '../src/model/path.js';
import type { StepState } from '../src/model/step.js';
import type { LayerEntry } from '../src/model/toc.js';
import { scratchConfig } from '../src/plan/initial-state.js';
import type { ArchiveMember, DownloadedFile, StepWorld } from '../src/plugin/index.js';
import { applyChanges, emptyTree, type Tree } from '../src/tree/index.js';
import { amd64, handlerOf } from './planning-support.js';

/** The time of what a step makes itself, in these tests. */
export const nowNs = 5_000_000_000n;

type Meta = Partial<FileEntry>;
export const file = (more: Meta = {}): FileEntry => ({ ...plain, type: 'file', mode: 0o644, size: 3, ...more });
export const folder = (more: Meta = {}): FileEntry => ({ ...plain, type: 'directory', mode: 0o755, ...more });
export const link = (linkTarget: string, more: Meta = {}): FileEntry => ({
  ...plain,
  type: 'symlink',
  mode: 0o777,
  linkTarget,
  ...more,
});
const plain = { uid: 0, gid: 0, size: 0, mtimeNs: 1n } as const;

/** A tree of these entries; parents that are not named are plain directories. */
export function treeWith(entries: Readonly<Record<TreePath, FileEntry>>, users = { passwd: '', group: '' }): Tree {
  const changes = Object.entries(entries).map(([path, entry]): Change => ({ kind: 'write', path, entry }));
  const named = users.passwd + users.group === '' ? [] : ['etc/passwd', 'etc/group'];
  const userFiles = named.map((path): Change => ({ kind: 'write', path, entry: file() }));
  return applyChanges(emptyTree(), [...changes, ...userFiles], users);
}

export interface Transfer {
  /** What the step starts from. */
  readonly image?: Tree;
  /** What it copies from. The content of each file says its path. */
  readonly source?: Tree;
  /** Set for sources whose owners are kept: stages and images. */
  readonly keepsOwners?: boolean;
  readonly workingDir?: string;
  readonly user?: string;
  /** Archives by the path of the file that holds them. */
  readonly archives?: Readonly<Record<string, readonly ArchiveMember[]>>;
  readonly downloads?: readonly DownloadedFile[];
}

/** The changes that a COPY, an ADD or a WORKDIR makes. */
export async function transferred(line: string, given: Transfer = {}): Promise<readonly Change[]> {
  const written = parseDockerfile(`FROM scratch\n${line}\n`).stages[0]?.instructions[0];
  if (written === undefined) throw new Error(`no instruction in ${line}`);
  const instruction = expandInstruction(written, () => undefined);
  const handler = await handlerOf(instruction.keyword);
  const state = stateWith(given);
  handler.inputs(instruction, state);
  const effect = await handler.perform?.(instruction, state, worldOf(given), new AbortController().signal);
  if (effect?.kind !== 'known') throw new Error('a transfer knows its changes');
  return [...(effect.changes as Iterable<Change>)];
}

function stateWith({ workingDir = '/', user = '' }: Transfer): StepState {
  const config = { ...scratchConfig(amd64), config: { WorkingDir: workingDir, User: user } };
  const none = new Map<string, string>();
  const known = { env: none, args: none, given: none, globals: none, proxies: none };
  return { config, ...known, escape: '\\', network: 'default', allowed: new Set(), settings: [], cmdSet: false };
}

function worldOf({ image, source, keepsOwners = false, archives = {}, downloads = [] }: Transfer): StepWorld {
  const nothing = (): never => {
    throw new Error('a transfer does not ask for this');
  };
  return {
    nowNs,
    tree: () => Promise.resolve(image ?? emptyTree()),
    scratch: emptyTree,
    source: () =>
      Promise.resolve({
        tree: source ?? emptyTree(),
        keepsOwners,
        contents: paths => Promise.resolve(paths.map((path): FileContent => ({ kind: 'path', path: `/from/${path}` }))),
      }),
    unpackArchive: content => Promise.resolve(archives[pathOf(content)] ?? null),
    download: index => Promise.resolve(downloads[index] ?? nothing()),
    run: nothing,
  };
}

function pathOf(content: FileContent): string {
  return content.kind === 'path' ? String(content.path) : '';
}

/** A change in one line: path, type, mode, owner where it is not root, link target, link group, content. */
export function shown(change: Change): string {
  if (change.kind === 'delete') return `delete ${change.path}`;
  const { type, mode, uid, gid, linkTarget, linkGroup } = change.entry;
  const content = change.kind === 'write' ? change.content : undefined;
  const words = [change.path, type, mode.toString(8)];
  if (change.kind === 'replace') words.unshift('replace');
  if (uid !== 0 || gid !== 0) words.push(`${uid}:${gid}`);
  if (linkTarget !== undefined) words.push(`-> ${linkTarget}`);
  if (linkGroup !== undefined) words.push(`group ${linkGroup}`);
  if (content) words.push(`= ${content.kind === 'bytes' ? Buffer.from(content.bytes).toString() : pathOf(content)}`);
  return words.join(' ');
}

/** What a transfer does, one line a change. */
export async function lines(line: string, given: Transfer = {}): Promise<readonly string[]> {
  return (await transferred(line, given)).map(shown);
}

/** A member of an archive. */
export function member(path: TreePath, entry: FileEntry, content?: string): ArchiveMember {
  const item: LayerEntry = { kind: 'write', path, entry };
  return content === undefined ? { entry: item } : { entry: item, content: { kind: 'path', path: content } };
}

export function hardLink(path: TreePath, linkTo: TreePath, entry: FileEntry = file()): ArchiveMember {
  return { entry: { kind: 'write', path, entry, linkTo } };
}

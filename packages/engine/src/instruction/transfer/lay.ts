import type { IgnoreMatcher } from '@varve/dockerfile';
import { VarveError } from '../../model/error.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import { childPath, nameOf, parentOf } from '../../path/name.js';
import type { ArchiveMember, TreeView } from '../../plugin/instruction.js';
import { walkTaken } from '../../tree/walk-taken.js';
import type { ModeChange } from './chmod.js';
import type { Draft, DraftContent } from './draft.js';

/** What a COPY or ADD gives to the files it makes. */
export interface LayOptions {
  /** `--chown`; without it files keep the owner of their source and new directories belong to root. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly chmod?: ModeChange;
  /** Mode of directories that are made on the way: an octal `--chmod`, else 0755. */
  readonly madeMode?: number;
  /** Of directories that are made on the way. */
  readonly nowNs: bigint;
  /** Numbers the hard-link groups of one selected path so that they do not meet those of another: each is copied by itself. */
  group(selection: number, group: number): number;
  /** `--exclude`: which paths below the selected one are left out. */
  readonly excludes?: IgnoreMatcher | undefined;
}

/** Something to be copied: a tree and a real path in it. */
export interface LaySource {
  readonly index: number;
  /** Counts what the instruction selected. */
  readonly selection: number;
  readonly tree: TreeView;
  readonly path: TreePath;
  /** Its name in a directory. */
  readonly name: string;
  /** `--parents`: which paths below it are taken. */
  readonly includes?: IgnoreMatcher | undefined;
}

/** The directory or file name that a destination means, its directories made: BuildKit's `Copy` up to `prepareTargetDir`. */
export function prepareTarget(
  draft: Draft,
  destination: string,
  source: { readonly isDirectory: boolean; readonly name: string },
  options: LayOptions,
): TreePath {
  const slash = destination.lastIndexOf('/');
  const isFolder = destination.endsWith('/') || destination.endsWith('/.');
  makeDirectories(draft, draft.resolve(isFolder ? destination : destination.slice(0, slash)), options);
  let target = draft.resolve(destination);
  const existing = draft.entry(target);
  if (!source.isDirectory && existing?.type === 'directory') target = childPath(target, source.name);
  makeDirectories(draft, source.isDirectory ? target : parentOf(target), options);
  return target;
}

/** How directories are made. */
export type MakeOptions = Pick<LayOptions, 'owner' | 'madeMode' | 'nowNs'>;

/**
 * `mkdir -p`: what is missing becomes 0755, or has an octal `--chmod` as BuildKit since 0.21 gives it, and below a setgid directory its
 * group and bit, as the kernel does it; what is in the way and no directory is an error.
 */
export function makeDirectories(draft: Draft, path: TreePath, options: MakeOptions): void {
  const existing = draft.entry(path);
  if (existing?.type === 'directory') return;
  if (existing)
    throw new VarveError('E_COPY_NOT_DIRECTORY', `"/${path}" is a ${existing.type} in the image, not a directory`, {
      hint: 'remove it in a RUN before, or choose another destination',
    });
  if (path !== '') makeDirectories(draft, parentOf(path), options);
  const parent = path === '' ? undefined : draft.entry(parentOf(path));
  const setgid = (parent?.mode ?? 0) & 0o2000;
  const { uid, gid } = options.owner ?? { uid: 0, gid: setgid ? (parent as FileEntry).gid : 0 };
  draft.write(path, {
    type: 'directory',
    mode: (options.madeMode ?? 0o755) | setgid,
    uid,
    gid,
    size: 0,
    mtimeNs: options.nowNs,
  });
}

/** Copies a file or a directory's content to a target, as BuildKit's copier: the outermost directory keeps what it was. */
export function layCopy(draft: Draft, source: LaySource, target: TreePath, options: LayOptions): void {
  const entry = source.tree.entry(source.path) as FileEntry;
  const copy = new Copy(draft, source, options);
  if (entry.type === 'directory') copy.directory(source.path, target);
  else copy.file(source.path, target, entry);
}

class Copy {
  readonly #draft: Draft;
  readonly #source: LaySource;
  readonly #options: LayOptions;

  constructor(draft: Draft, source: LaySource, options: LayOptions) {
    this.#draft = draft;
    this.#source = source;
    this.#options = options;
  }

  /** What is in a directory. A directory on the way to what patterns take gives its mode to one that exists, and nothing else. */
  directory(start: TreePath, target: TreePath): void {
    const { tree, selection, includes } = this.#source;
    const { excludes } = this.#options;
    this.#outermost(start, target);
    for (const { path, inside, entry, taken } of walkTaken(tree, start, { includes, excludes })) {
      const place = childPath(target, inside);
      if (entry.type !== 'directory') {
        this.file(path, place, entry);
        continue;
      }
      this.#refuseOther(path, place);
      const existing = this.#draft.entry(place);
      if (taken || !existing) this.#draft.write(place, ownedEntry(entry, selection, this.#options));
      else if (existing.mode !== entry.mode) this.#draft.write(place, { ...existing, mode: entry.mode });
    }
  }

  /** The directory that is copied gives its time to the target, and nothing else. Times of roots are of chance: nobody wrote them. */
  #outermost(start: TreePath, target: TreePath): void {
    if (start === '' || target === '') return;
    const { mtimeNs } = this.#source.tree.entry(start) as FileEntry;
    const existing = this.#draft.entry(target) as FileEntry;
    if (existing.mtimeNs !== mtimeNs) this.#draft.write(target, { ...existing, mtimeNs });
  }

  file(path: TreePath, target: TreePath, entry: FileEntry): void {
    if (this.#draft.entry(target)?.type === 'directory')
      throw new VarveError('E_COPY_OVER_DIRECTORY', `the file "${path}" cannot replace the directory "/${target}"`, {
        hint: 'write the destination with a slash at its end to copy into the directory',
      });
    const { index, selection } = this.#source;
    const content: DraftContent | undefined =
      entry.type === 'file' ? { kind: 'source', source: index, path } : undefined;
    this.#draft.write(target, ownedEntry(entry, selection, this.#options), content);
  }

  #refuseOther(path: TreePath, place: TreePath): void {
    const existing = this.#draft.entry(place);
    if (!existing || existing.type === 'directory') return;
    throw new VarveError(
      'E_COPY_NOT_DIRECTORY',
      `the directory "${path}" cannot be copied to "/${place}": there is a ${existing.type} in the image`,
      {
        hint: 'remove it in a RUN before, or choose another destination',
      },
    );
  }
}

function ownedEntry(entry: FileEntry, selection: number, { owner, chmod, group }: LayOptions): FileEntry {
  return {
    ...entry,
    ...(owner ?? {}),
    ...(chmod && entry.type !== 'symlink' ? { mode: chmod(entry.mode, entry.type === 'directory') } : {}),
    ...(entry.linkGroup === undefined ? {} : { linkGroup: group(selection, entry.linkGroup) }),
  };
}

/** An archive to be unpacked. */
export interface LayArchive {
  readonly members: readonly ArchiveMember[];
  /** Numbers the archive among all that is selected, as {@link LaySource}. */
  readonly selection: number;
}

/**
 * Lays an archive's members into a directory, as `tar -x` by root does: directories are merged, everything else replaces what is
 * there, owners and modes are the archive's.
 */
export function layArchive(
  draft: Draft,
  { members, selection }: LayArchive,
  target: TreePath,
  options: LayOptions,
): void {
  const { nowNs, owner } = options;
  makeDirectories(draft, target, { nowNs, ...(owner ? { owner } : {}) });
  let groups = 0;
  for (const { entry: member, content } of members) {
    if (member.kind !== 'write' || member.path === '') continue;
    const path = placeOfMember(draft, target, member.path);
    makeDirectories(draft, parentOf(path), { nowNs });
    if (member.linkTo === undefined) draft.write(path, member.entry, content && { kind: 'ready', content });
    else draft.link(placeOfMember(draft, target, member.linkTo), path, () => options.group(selection, groups++));
  }
}

/** Where a member goes: links in the image are followed on the way to it, not at its end. */
function placeOfMember(draft: Draft, target: TreePath, path: TreePath): TreePath {
  return childPath(draft.resolve(`/${childPath(target, parentOf(path))}`), nameOf(path));
}

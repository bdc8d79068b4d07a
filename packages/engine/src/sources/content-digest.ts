import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePatterns, type IgnoreMatcher, type SourceRange } from '@varve/dockerfile';
import { frame, frameMap } from '../key/key.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { withPlace } from '../model/place.js';
import type { StepSource } from '../model/step.js';
import { childPath } from '../path/name.js';
import type { TreeView } from '../plugin/instruction.js';
import { type Selected, selectPlain, selectSources } from '../tree/select.js';
import { selectParents } from '../tree/select-parents.js';
import { walkTaken } from '../tree/walk-taken.js';

/** Gives the SHA-256 of files' contents, in order; null for a file that is gone. */
export type DigestFiles = (paths: readonly TreePath[]) => Promise<readonly (string | null)[]>;

interface Item {
  /** Name relative to what was selected, the selected name first. */
  readonly name: string;
  readonly path: TreePath;
  readonly entry: FileEntry;
  /** False: a directory on the way to what patterns take. */
  readonly taken: boolean;
}

/**
 * Digest of what patterns select in a folder of the user: names, types, modes, link targets, xattrs, contents and which names are one
 * file decide; times do not, as in BuildKit, and owners where they are copied (`owners`). Errors: those of `selectSources`.
 */
export async function contentDigest(
  tree: TreeView,
  selection: Pick<StepSource, 'patterns' | 'ranges' | 'excludes' | 'select'>,
  digestFiles: DigestFiles,
  owners = false,
): Promise<string> {
  const excludes = selection.excludes ? compilePatterns(selection.excludes) : undefined;
  const items = selection.patterns.map((pattern, index) =>
    chooseAt(selection.ranges?.[index], () => choose(tree, pattern, selection.select)).flatMap(one => [
      ...itemsBelow(tree, one, excludes),
    ]),
  );
  const files = items.flat().filter(({ entry }) => entry.type === 'file');
  const digests = await digestFiles(files.map(({ path }) => path));
  const contents = new Map(files.map(({ path }, index) => [path, digests[index] ?? 'gone']));
  // One frame a pattern: which pattern selected a file can decide where it goes.
  const links = linksAmong(items.flat());
  return sha256(
    frame(
      items.map(list => frame(list.map(item => itemText(item, contents, links) + (owners ? ownerText(item) : '')))),
    ),
  );
}

/**
 * The same of a repository that was checked out. Of its `.git`, where it was kept, the commit decides: the rest differs from one checkout
 * to the next.
 */
export async function repositoryDigest(
  { dir, tree }: { readonly dir: string; readonly tree: TreeView },
  selection: Pick<StepSource, 'patterns' | 'excludes'>,
  digestFiles: DigestFiles,
): Promise<string> {
  const hasGit = tree.entry('.git') !== undefined;
  const head = hasGit ? readFileSync(join(dir, '.git/HEAD'), 'utf8').trim() : '';
  const excludes = [...(selection.excludes ?? []), ...(hasGit ? ['.git'] : [])];
  return frame([head, await contentDigest(tree, { ...selection, excludes }, digestFiles)]);
}

interface Chosen {
  readonly selected: Selected;
  readonly includes: IgnoreMatcher | undefined;
}

function chooseAt(range: SourceRange | undefined, chosen: () => readonly Chosen[]): readonly Chosen[] {
  try {
    return chosen();
  } catch (error) {
    throw range === undefined ? error : withPlace(error, range);
  }
}

function choose(tree: TreeView, pattern: string, select: StepSource['select']): readonly Chosen[] {
  if (select === 'paths') return [{ selected: selectPlain(tree, pattern), includes: undefined }];
  if (select !== 'parents') return selectSources(tree, pattern).map(selected => ({ selected, includes: undefined }));
  const { bases, includes } = selectParents(tree, pattern);
  return bases.map(selected => ({ selected, includes }));
}

/** A selected path and what is taken of everything below it. */
function* itemsBelow(
  tree: TreeView,
  { selected, includes }: Chosen,
  excludes: IgnoreMatcher | undefined,
): Generator<Item> {
  const entry = tree.entry(selected.path);
  if (!entry) return;
  yield { ...selected, entry, taken: true };
  if (entry.type !== 'directory') return;
  for (const { inside, ...found } of walkTaken(tree, selected.path, { includes, excludes }))
    yield { ...found, name: childPath(selected.name, inside) };
}

/** Of each name that is a hard link of one before it, which one. */
function linksAmong(items: readonly Item[]): ReadonlyMap<Item, number> {
  const firsts = new Map<number, number>();
  const links = new Map<Item, number>();
  for (const [index, item] of items.entries()) {
    const { linkGroup } = item.entry;
    if (linkGroup === undefined) continue;
    const first = firsts.get(linkGroup);
    if (first === undefined) firsts.set(linkGroup, index);
    else links.set(item, first);
  }
  return links;
}

function itemText(item: Item, contents: ReadonlyMap<TreePath, string>, links: ReadonlyMap<Item, number>): string {
  const { name, path, entry } = item;
  const xattrs = [...(entry.xattrs ?? [])].map(([key, value]) => [key, Buffer.from(value).toString('hex')] as const);
  return frame([
    name,
    entry.type,
    String(entry.mode),
    entry.linkTarget ?? '',
    entry.device ? `${entry.device.major}:${entry.device.minor}` : '',
    frameMap(xattrs),
    contents.get(path) ?? '',
    String(links.get(item) ?? ''),
    String(item.taken),
  ]);
}

function ownerText({ entry }: Item): string {
  return frame([String(entry.uid), String(entry.gid)]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('hex');
}

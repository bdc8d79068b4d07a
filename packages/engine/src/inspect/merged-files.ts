import { createHash } from 'node:crypto';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { treeOfLayers } from '../tree/index.js';
import type { Facts } from './difference.js';
import type { ScannedLayer } from './scan-layer.js';

/** The files of an image, merged from its layers, lowest first: each path with the facts that matter. Times do not. */
export function mergedFiles(layers: readonly ScannedLayer[]): ReadonlyMap<TreePath, Facts> {
  const tree = treeOfLayers(layers.map(({ toc }) => toc));
  const contents = contentsByPath(layers);
  const files = new Map<TreePath, FileEntry>();
  const groups = new Map<number, TreePath[]>();
  for (const { path, entry } of tree.walk()) {
    files.set(path, entry);
    if (entry.linkGroup === undefined) continue;
    const group = groups.get(entry.linkGroup) ?? [];
    groups.set(entry.linkGroup, group);
    group.push(path);
  }
  return new Map(
    [...files].map(([path, entry]) => {
      const links = groups.get(entry.linkGroup ?? -1)?.filter(other => other !== path) ?? [];
      return [path, factsOf(entry, contents.get(path), links)] as const;
    }),
  );
}

/** What a path holds is what was written or linked there last. */
function contentsByPath(layers: readonly ScannedLayer[]): ReadonlyMap<TreePath, string> {
  const held = new Map<TreePath, string>();
  for (const { toc, contents } of layers) {
    let next = 0;
    for (const item of toc.entries) {
      const at = next++;
      if (item.kind !== 'write') continue;
      const content = item.linkTo === undefined ? contents.get(at) : held.get(item.linkTo);
      if (content === undefined) held.delete(item.path);
      else held.set(item.path, content);
    }
  }
  return held;
}

function factsOf(entry: FileEntry, content: string | undefined, links: readonly TreePath[]): Facts {
  const { type, mode, uid, gid, size, linkTarget, device, xattrs } = entry;
  const facts = new Map<string, string>([['type', type]]);
  if (type !== 'symlink') facts.set('mode', mode.toString(8).padStart(4, '0'));
  facts.set('owner', `${uid}:${gid}`);
  if (type === 'file') facts.set('size', String(size));
  if (type === 'file' && content !== undefined) facts.set('content', `sha256:${content}`);
  if (linkTarget !== undefined) facts.set('target', linkTarget);
  if (device) facts.set('device', `${device.major}:${device.minor}`);
  for (const [name, value] of [...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
    facts.set(`xattr ${name}`, shownValue(value));
  if (links.length > 0) facts.set('linked with', links.map(path => `/${path}`).join(' '));
  return facts;
}

function shownValue(value: Uint8Array): string {
  return value.length <= 32
    ? Buffer.from(value).toString('hex')
    : `sha256:${createHash('sha256').update(value).digest('hex')}`;
}

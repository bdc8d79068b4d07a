import { VarveError } from '../model/error.js';
import type { TreePath } from '../model/path.js';
import { bytesToPath, pathToBytes } from '../path/bytes.js';
import { nodePath } from './node-path.js';
import { type NodeTable, rootNode } from './node-table.js';

/** As many links as Linux follows in one path (MAXSYMLINKS). */
const mostLinks = 40;

/**
 * Where a path leads to in a tree, as the kernel would find out in a chroot: links are followed (the last one unless `followLast`
 * is false; one with a slash behind it always), absolute targets start at the root, `..` stops there. From the first
 * name that does not exist on, the path is taken as written. Errors: `E_LINK_LOOP`.
 */
export function resolvePath(table: NodeTable, path: string, followLast = true): TreePath {
  let node = rootNode;
  /** Names below `node` that do not exist. */
  const missing: string[] = [];
  /** What is still to be walked, next name last. */
  const ahead = path.split('/').reverse();
  for (let links = 0, name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (missing.length > 0) missing.pop();
      else if (node !== rootNode) node = table.columns.parent[node] as number;
      continue;
    }
    const child = missing.length > 0 ? -1 : table.child(node, pathToBytes(name));
    if (child === -1) {
      missing.push(name);
      continue;
    }
    const isLink = ((table.columns.mode[child] as number) & 0o170000) === 0o120000;
    if (!isLink || (ahead.length === 0 && !followLast)) {
      node = child;
      continue;
    }
    if (++links > mostLinks) {
      throw new VarveError('E_LINK_LOOP', `too many symbolic links in ${JSON.stringify(path)}`, {
        hint: 'Look for a link that leads back to itself.',
        data: { path },
      });
    }
    const target = bytesToPath(table.arena.framed(table.columns.extra[child] as number));
    if (target.startsWith('/')) node = rootNode;
    ahead.push(...target.split('/').reverse());
  }
  const real = nodePath(table, node);
  return [...(real === '' ? [] : [real]), ...missing].join('/');
}

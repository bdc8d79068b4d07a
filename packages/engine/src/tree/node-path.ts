import type { TreePath } from '../model/path.js';
import { bytesToPath, pathToBytes } from '../path/bytes.js';
import { type NodeTable, rootNode } from './node-table.js';

const slash = 0x2f;

/** The node of a path, links not followed; -1 where there is none. */
export function findNode(table: NodeTable, path: TreePath): number {
  if (path === '') return rootNode;
  return findBelow(table, rootNode, pathToBytes(path));
}

/** The node that a path of bytes leads to from `node`; -1 where there is none. */
function findBelow(table: NodeTable, node: number, path: Uint8Array): number {
  let at = node;
  for (let from = 0; from < path.length && at !== -1; ) {
    let to = path.indexOf(slash, from);
    if (to === -1) to = path.length;
    at = table.child(at, path, from, to);
    from = to + 1;
  }
  return at;
}

/** Path of a node as bytes, `/` between names; empty for the root. */
function nodePathBytes(table: NodeTable, node: number): Uint8Array {
  const c = table.columns;
  let length = 0;
  for (let at = node; at !== rootNode; at = c.parent[at] as number) length += (c.nameLength[at] as number) + 1;
  const path = new Uint8Array(Math.max(0, length - 1));
  let end = path.length;
  for (let at = node; at !== rootNode; at = c.parent[at] as number) {
    const name = table.name(at);
    path.set(name, end - name.length);
    end -= name.length + 1;
    if (end >= 0) path[end] = slash;
  }
  return path;
}

export function nodePath(table: NodeTable, node: number): TreePath {
  return node === rootNode ? '' : bytesToPath(nodePathBytes(table, node));
}

/** Children of a directory in byte order. */
export function sortedChildren(table: NodeTable, node: number): number[] {
  const c = table.columns;
  const children: number[] = [];
  for (let child = c.first[node] as number; child !== -1; child = c.next[child] as number) children.push(child);
  return sortedNodes(table, children);
}

/** Nodes in the byte order of their names; sorts in place. */
export function sortedNodes(table: NodeTable, nodes: number[]): number[] {
  const c = table.columns;
  const { bytes } = table.arena;
  return nodes.sort((a, b) => {
    const atA = c.nameAt[a] as number;
    const atB = c.nameAt[b] as number;
    const lengthA = c.nameLength[a] as number;
    const lengthB = c.nameLength[b] as number;
    const both = Math.min(lengthA, lengthB);
    for (let i = 0; i < both; i++) {
      const difference = (bytes[atA + i] as number) - (bytes[atB + i] as number);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  });
}

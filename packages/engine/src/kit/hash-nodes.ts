import { pathToBytes } from '../path/bytes.js';
import type { Columns } from '../tree/columns.js';
import { type ContentHashId, hashWords, writeHash } from './content-hash.js';
import { type EvidenceView, matchesEvidence } from './evidence.js';
import { FileHasher } from './file-hasher.js';

/** Nodes that threads take at once: enough work that taking costs nothing, and little enough that all end at the same time. */
const largestBatch = 128;
const batchesAimedAt = 32;

/** Files of a tree to be hashed, everything in shared memory. Crosses threads; each takes batches until there are none. */
export interface HashOrder {
  readonly dir: string;
  readonly columns: Columns;
  readonly names: Uint8Array;
  readonly evidence: EvidenceView;
  readonly hash: ContentHashId;
  /** Where the hashes go. */
  readonly hashes: Uint32Array;
  readonly nodes: Int32Array;
  /** Sum of their sizes. */
  readonly bytes: number;
  /** How many of the batches were taken so far. */
  readonly taken: Int32Array;
}

/**
 * Hashes files that nobody has taken yet. The hash of one that is not any more what its evidence says is not written down, and so it
 * counts as changed when it is looked at next.
 */
export function hashNodes(order: HashOrder): void {
  const { nodes, evidence, hashes, taken } = order;
  const hasher = new FileHasher(order.hash);
  const batch = Math.min(largestBatch, Math.ceil(nodes.length / batchesAimedAt));
  const path = new Uint8Array(65_536);
  const from = pathToBytes(order.dir);
  path.set(from);
  for (;;) {
    const start = Atomics.add(taken, 0, 1) * batch;
    if (start >= nodes.length) return;
    for (const node of nodes.subarray(start, start + batch)) {
      const end = writePath(order, node, path, from.length);
      const hash = end === undefined ? undefined : hasher.hash(undefined, path, true);
      if (hash !== undefined && matchesEvidence(evidence, node, hasher.row, 0))
        writeHash(hashes, node * hashWords, hash);
    }
  }
}

/** Writes `/` and the path of a node behind `at`, and a zero byte; tells where that is. Undefined where it does not fit. */
function writePath(order: HashOrder, node: number, to: Uint8Array, at: number): number | undefined {
  const { parent, nameAt, nameLength } = order.columns;
  if (node === 0) return at;
  const start = writePath(order, parent[node] as number, to, at);
  const length = nameLength[node] as number;
  if (start === undefined || start + length + 2 > to.length) return undefined;
  to[start] = 0x2f;
  const from = nameAt[node] as number;
  for (let i = 0; i < length; i++) to[start + 1 + i] = order.names[from + i] as number;
  to[start + 1 + length] = 0;
  return start + 1 + length;
}

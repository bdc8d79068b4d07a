import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { NodeTable } from '../tree/node-table.js';
import { Findings, type PackedFindings } from './findings.js';
import { type HashOrder, hashNodes } from './hash-nodes.js';
import { type TreePart, treeParts, wholeTree } from './tree-parts.js';
import { TreeWalker } from './tree-walker.js';
import type { ContentCheck, WalkView } from './walk-view.js';

/** What is less than this is done sooner than a thread has been woken and heard: files to be looked at, files and bytes to be read. */
const worthSharing = { files: 6_000, reads: 500, bytes: 32 << 20 } as const;

/** What a thread of the team is told, and what it answers. */
export type TeamOrder = { readonly walk: WalkOrder } | { readonly hash: HashOrder };
export type TeamAnswer = { readonly findings: PackedFindings | undefined } | { readonly error: unknown };

interface WalkOrder {
  readonly view: WalkView;
  readonly parts: readonly TreePart[];
  /** How many of the parts were taken so far. */
  readonly taken: Int32Array;
}

/** Walks trees and reads files with several threads: this one, which blocks meanwhile, and others that wait between orders. */
export class WalkTeam implements AsyncDisposable {
  readonly #others: number;
  #workers: readonly Worker[] = [];

  constructor(threads: number) {
    this.#others = threads - 1;
  }

  /** Starts the threads, if the tree is large enough to need them. They start while others work. */
  prepare(table: NodeTable, check: ContentCheck): void {
    if (isWorthSharing(table, check)) this.#start();
  }

  /** Compares a tree with what is on disk. */
  async walk(table: NodeTable, view: Omit<WalkView, 'parts'>): Promise<Findings> {
    this.prepare(table, view.check);
    if (this.#workers.length === 0 || !isWorthSharing(table, view.check)) {
      const walker = new TreeWalker({ ...view, parts: new Set() });
      walker.walk(wholeTree);
      return walker.findings;
    }
    const parts = treeParts(table);
    const whole = { ...view, parts: new Set(parts.map(({ node }) => node)) };
    const findings = await this.#share({
      walk: { view: whole, parts, taken: new Int32Array(new SharedArrayBuffer(4)) },
    });
    return findings ?? new Findings();
  }

  /** Hashes files. */
  async hash(order: HashOrder): Promise<void> {
    if (order.nodes.length < worthSharing.reads && order.bytes < worthSharing.bytes) {
      hashNodes(order);
      return;
    }
    this.#start();
    await this.#share({ hash: order });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.terminate()));
    this.#workers = [];
  }

  #start(): void {
    if (this.#others === 0 || this.#workers.length > 0) return;
    this.#workers = Array.from({ length: this.#others }, () => {
      const worker = new Worker(new URL('./walk-worker.js', import.meta.url));
      worker.unref();
      return worker;
    });
  }

  async #share(order: TeamOrder): Promise<Findings | undefined> {
    const answers = this.#workers.map(worker => ask(worker, order));
    // A failure of our own must not leave theirs unheard.
    const others = Promise.allSettled(answers);
    let findings: Findings | undefined;
    try {
      findings = workOff(order);
    } finally {
      await others;
    }
    for (const answer of answers) {
      const found = await answer;
      if (found !== undefined) findings?.append(found);
    }
    return findings;
  }
}

function isWorthSharing(table: NodeTable, check: ContentCheck): boolean {
  if (table.live >= worthSharing.files) return true;
  if (check !== 'all') return false;
  let bytes = 0;
  for (let node = 0; node < table.top; node++) if (table.columns.parent[node] !== -2) bytes += table.size(node);
  return bytes >= worthSharing.bytes;
}

/** Does what nobody has taken yet, until there is nothing left. */
export function workOff(order: TeamOrder): Findings | undefined {
  if ('hash' in order) {
    hashNodes(order.hash);
    return undefined;
  }
  const { view, parts, taken } = order.walk;
  const walker = new TreeWalker(view);
  for (;;) {
    const part = parts[Atomics.add(taken, 0, 1)];
    if (part === undefined) return walker.findings;
    walker.walk(part);
  }
}

async function ask(worker: Worker, order: TeamOrder): Promise<PackedFindings | undefined> {
  worker.ref();
  try {
    worker.postMessage(order);
    const [answer] = (await once(worker, 'message')) as [TeamAnswer];
    if ('error' in answer) throw answer.error;
    return answer.findings;
  } finally {
    worker.unref();
  }
}

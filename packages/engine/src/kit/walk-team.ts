import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { NodeTable } from '../tree/node-table.js';
import type { Findings, PackedFindings } from './findings.js';
import { type TreePart, treeParts, wholeTree } from './tree-parts.js';
import { TreeWalker } from './tree-walker.js';
import type { WalkView } from './walk-view.js';

/** Fewer files than this are walked sooner than a thread has been woken and heard. */
const worthSharing = 6_000;

/** What a walker thread is told, and what it answers. */
export interface WalkOrder {
  readonly view: WalkView;
  readonly parts: readonly TreePart[];
  /** How many of the parts were taken so far. */
  readonly taken: Int32Array;
}
export type WalkAnswer = { readonly findings: PackedFindings } | { readonly error: unknown };

/** Walks trees with several threads: this one, which blocks meanwhile, and others that wait between walks. */
export class WalkTeam implements AsyncDisposable {
  readonly #others: number;
  #workers: readonly Worker[] = [];

  constructor(threads: number) {
    this.#others = threads - 1;
  }

  /** Starts the threads, if the tree is large enough to need them. They start while others work. */
  prepare(table: NodeTable): void {
    if (this.#others === 0 || this.#workers.length > 0 || table.live < worthSharing) return;
    this.#workers = Array.from({ length: this.#others }, () => {
      const worker = new Worker(new URL('./walk-worker.js', import.meta.url));
      worker.unref();
      return worker;
    });
  }

  async walk(table: NodeTable, view: Omit<WalkView, 'parts'>): Promise<Findings> {
    this.prepare(table);
    if (this.#workers.length === 0 || table.live < worthSharing) {
      const walker = new TreeWalker({ ...view, parts: new Set() });
      walker.walk(wholeTree);
      return walker.findings;
    }
    const parts = treeParts(table);
    const order: WalkOrder = {
      view: { ...view, parts: new Set(parts.map(({ node }) => node)) },
      parts,
      taken: new Int32Array(new SharedArrayBuffer(4)),
    };
    const answers = this.#workers.map(worker => ask(worker, order));
    // A failure of our own must not leave theirs unheard.
    const others = Promise.allSettled(answers);
    const walker = new TreeWalker(order.view);
    try {
      walkParts(walker, order);
    } finally {
      await others;
    }
    for (const answer of answers) walker.findings.append(await answer);
    return walker.findings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.terminate()));
    this.#workers = [];
  }
}

/** Walks parts that nobody has taken yet, until there are none. */
export function walkParts(walker: TreeWalker, { parts, taken }: WalkOrder): void {
  for (;;) {
    const part = parts[Atomics.add(taken, 0, 1)];
    if (part === undefined) return;
    walker.walk(part);
  }
}

async function ask(worker: Worker, order: WalkOrder): Promise<PackedFindings> {
  worker.ref();
  try {
    worker.postMessage(order);
    const [answer] = (await once(worker, 'message')) as [WalkAnswer];
    if ('error' in answer) throw answer.error;
    return answer.findings;
  } finally {
    worker.unref();
  }
}

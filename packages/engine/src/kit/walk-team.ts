import type { NodeTable } from '../tree/node-table.js';
import { rootNode } from '../tree/node-table.js';
import type { Findings } from './findings.js';
import { TreeWalker } from './tree-walker.js';
import type { WalkView } from './walk-view.js';

/** Walkers that share a tree among them. */
export class WalkTeam implements AsyncDisposable {
  constructor(_threads: number) {}

  async walk(_table: NodeTable, view: Omit<WalkView, 'parts'>): Promise<Findings> {
    const walker = new TreeWalker({ ...view, parts: new Set() });
    walker.walk(rootNode);
    return walker.findings;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

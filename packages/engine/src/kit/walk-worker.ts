import { parentPort } from 'node:worker_threads';
import { TreeWalker } from './tree-walker.js';
import { type WalkAnswer, type WalkOrder, walkParts } from './walk-team.js';

/** A walker thread: does one order after the other. */
parentPort?.on('message', (order: WalkOrder) => {
  parentPort?.postMessage(carryOut(order));
});

function carryOut(order: WalkOrder): WalkAnswer {
  try {
    const walker = new TreeWalker(order.view);
    walkParts(walker, order);
    return { findings: walker.findings.packed() };
  } catch (error) {
    return { error };
  }
}

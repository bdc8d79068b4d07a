import { parentPort } from 'node:worker_threads';
import { type TeamAnswer, type TeamOrder, workOff } from './walk-team.js';

/** A walker thread: does one order after the other. */
parentPort?.on('message', (order: TeamOrder) => {
  parentPort?.postMessage(carryOut(order));
});

function carryOut(order: TeamOrder): TeamAnswer {
  try {
    return { findings: workOff(order)?.packed() };
  } catch (error) {
    return { error };
  }
}

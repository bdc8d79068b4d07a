import { workerData } from 'node:worker_threads';
import { type RemovalOrder, removeParts } from './remove-together.js';

/** A thread that removes folders until nobody has any left. What it cannot remove the thread that started it meets again. */
void removeParts(workerData as RemovalOrder).catch(() => undefined);

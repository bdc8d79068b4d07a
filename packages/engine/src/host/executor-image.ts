import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

/** By this file of the executor image varve knows that the root of the container is there for builds alone. */
const mark = '/kaniko/.varve-executor';

/** The folder of the builder's own programs in the executor image. */
export const executorFolder = dirname(mark);

/** Whether this process is in a container of the executor image. */
export function isExecutorImage(): boolean {
  return existsSync(mark);
}

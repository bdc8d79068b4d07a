import { statfsSync } from 'node:fs';
import { VarveError } from '../model/error.js';
import type { StepProcess } from '../model/process.js';

/** Errors: `E_EXECUTOR_LACKS` where a step asks for what takes namespaces or mounts. */
export function refuseWhatIsLacking({ network, security, shmSize }: StepProcess): void {
  if (network === 'none')
    throw lacking('a step cannot be cut off from the network', 'leave out the network, or let Varve make namespaces');
  if (security === 'insecure')
    throw lacking('a step cannot be given more than the container has', 'build in a privileged container');
  if (shmSize === undefined) return;
  const { blocks, bsize } = statfsSync('/dev/shm');
  if (blocks * bsize < shmSize)
    throw lacking('the /dev/shm of the container is smaller than --shm-size', 'give the container a larger one');
}

function lacking(what: string, hint: string): VarveError {
  return new VarveError('E_EXECUTOR_LACKS', `${what} in the container's own /`, {
    hint: `${hint}; varve doctor says what is missing`,
  });
}

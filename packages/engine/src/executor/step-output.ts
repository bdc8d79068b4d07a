import { closeSync, fchownSync } from 'node:fs';
import { Socket } from 'node:net';
import type { StepOutput } from '../plugin/executor.js';
import { openPipe } from '../sys/pipe.js';

/** The pipes that a step prints to. */
export interface StepPipes {
  /** Write ends, to be given to the step. */
  readonly stdout: number;
  readonly stderr: number;
  /** Call it once the step has its ends, or could not be started. */
  closeWriteEnds(): void;
  /** Resolves when everything that was printed has been handed on. */
  readonly drained: Promise<unknown>;
}

/**
 * Real pipes, owned by the step's user. Node's own are sockets, which a step could not open again as /dev/stdout.
 */
export function openStepPipes(output: StepOutput, uid: number): StepPipes {
  const stdout = openPipe();
  const stderr = openPipe();
  for (const { write } of [stdout, stderr]) if (uid !== 0) fchownSync(write, uid, -1);
  return {
    stdout: stdout.write,
    stderr: stderr.write,
    closeWriteEnds() {
      closeSync(stdout.write);
      closeSync(stderr.write);
    },
    drained: Promise.all([
      drain(stdout.read, chunk => output.stdout(chunk)),
      drain(stderr.read, chunk => output.stderr(chunk)),
    ]),
  };
}

function drain(fd: number, receive: (chunk: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.on('data', receive);
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}

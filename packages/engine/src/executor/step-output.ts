import { closeSync, fchownSync } from 'node:fs';
import { Socket } from 'node:net';
import type { StepOutput } from '../plugin/executor.js';
import { openPipe } from '../sys/pipe.js';

/** The pipes that a step prints to. */
export interface WaitingPipes {
  /** Write ends, to be given to the step. */
  readonly stdout: number;
  readonly stderr: number;
  /** Call it once the step has its ends, or could not be started. */
  closeWriteEnds(): void;
  /** Makes a user their owner, and begins to read. Resolves when everything that was printed has been handed on. Called once, or else `close`. */
  handOn(output: StepOutput, uid: number): Promise<unknown>;
  close(): void;
}

/**
 * Real pipes that nobody reads yet, and of which it need not be known yet who the step is. Node's own are sockets, which a step could not open again as
 * /dev/stdout.
 */
export function openWaitingPipes(): WaitingPipes {
  const stdout = openPipe();
  const stderr = openPipe();
  return {
    stdout: stdout.write,
    stderr: stderr.write,
    closeWriteEnds() {
      closeSync(stdout.write);
      closeSync(stderr.write);
    },
    handOn(output, uid) {
      // Both ends are of one file.
      for (const { read } of [stdout, stderr]) if (uid !== 0) fchownSync(read, uid, -1);
      return Promise.all([
        drain(stdout.read, chunk => output.stdout(chunk)),
        drain(stderr.read, chunk => output.stderr(chunk)),
      ]);
    },
    close() {
      closeSync(stdout.read);
      closeSync(stderr.read);
    },
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

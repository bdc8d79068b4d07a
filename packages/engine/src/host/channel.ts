import type { ChildProcess } from 'node:child_process';
import type { MessagePort, Worker } from 'node:worker_threads';

/** A two-way stream of structured-clone messages to a worker thread or a child process. */
export interface Channel {
  send(message: unknown): void;
  onMessage(callback: (message: unknown) => void): void;
  /** Once, when the other side is gone. */
  onClose(callback: () => void): void;
  /** No more messages are wanted; a process with nothing else to do may end. */
  close(): void;
}

/** The side of whoever started a worker thread. */
export function workerChannel(worker: Worker): Channel {
  return {
    send: message => worker.postMessage(message),
    onMessage: callback => void worker.on('message', callback),
    onClose: callback => void worker.once('exit', callback),
    close: () => void worker.terminate(),
  };
}

/** The side of a worker thread. */
export function portChannel(port: MessagePort): Channel {
  return {
    send: message => port.postMessage(message),
    onMessage: callback => void port.on('message', callback),
    onClose: callback => void port.once('close', callback),
    close: () => port.close(),
  };
}

/** The side of whoever started a child with an IPC channel and `serialization: 'advanced'`. `gone`: once it has ended, or could not be started. */
export function childChannel(child: ChildProcess, gone: Promise<void>): Channel {
  return {
    // A child that died in between is noticed by onClose; the failed write is no other fault.
    send: message => void (child.connected && child.send(message as object, () => undefined)),
    onMessage: callback => void child.on('message', callback),
    // By now it may be gone already.
    onClose: callback => void gone.then(callback),
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}

/** The side of such a child. */
export function parentChannel(): Channel {
  return {
    send: message => void (process.connected && process.send?.(message, undefined, undefined, () => undefined)),
    onMessage: callback => void process.on('message', callback),
    onClose: callback => void process.once('disconnect', callback),
    close: () => process.disconnect?.(),
  };
}

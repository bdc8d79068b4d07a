import { parentPort } from 'node:worker_threads';
import { portChannel } from './channel.js';
import { serve } from './rpc.js';
import { hashSlots } from './slot-ring.js';
import type { HashMethods } from './tar-thread.js';

// The program of the thread that hashes what another one inflates. What it rejects with ends the thread.
if (parentPort)
  void serve<HashMethods>(
    portChannel(parentPort),
    { digest: ({ memory }) => Promise.resolve(hashSlots(memory)) },
    () => undefined,
  );

import { orNone } from '../model/or-none.js';
import type { Executor } from '../plugin/executor.js';
import { once } from '../sys/libc.js';
import { ContainerAhead } from './container-ahead.js';
import { inOwnNamespaces, type OciRuntime } from './oci-runtime.js';

/**
 * Runs steps as containers of an OCI runtime. Mounts the root, /dev and tmpfs in the mount namespace of this process, which should be
 * its own, so that they die with it.
 *
 * @param scratchParent an existing folder in which each step gets one of its own while it runs
 */
export function ociExecutor(found: OciRuntime, scratchParent: string): Executor {
  const placed = once(() => inOwnNamespaces(found));
  const make = (): ContainerAhead => ContainerAhead.make(placed(), scratchParent);
  let ahead: ContainerAhead | undefined;
  return {
    preparesBeside: true,
    prepare() {
      ahead ??= orNone(make);
      const own = ahead;
      return {
        async [Symbol.asyncDispose]() {
          if (own === undefined || ahead !== own) return;
          ahead = undefined;
          await own.remove();
        },
      };
    },
    async run(process, output, signal) {
      signal.throwIfAborted();
      const container = ahead ?? make();
      ahead = undefined;
      try {
        return await container.run(process, output, signal);
      } finally {
        await container.remove();
      }
    },
  };
}

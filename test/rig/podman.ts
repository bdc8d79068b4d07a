import { must, type Outcome, type RunOptions, run } from './run.js';
import type { Workbench } from './workbench.js';

/** A podman with a store of its own. */
export interface Podman {
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  must(args: readonly string[], options?: RunOptions): Promise<string>;
}

/** Podman's flags for a store in the workbench; no systemd, no event log. */
export function openPodman(bench: Workbench): Podman {
  const flags = [
    ...['--root', bench.path('podman'), '--runroot', bench.path('podman-run'), '--tmpdir', bench.path('podman-tmp')],
    ...['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', 'runc'],
  ];
  return {
    run: (args, options = {}) => run('podman', [...flags, ...args], options),
    must: (args, options = {}) => must('podman', [...flags, ...args], options),
  };
}

/** Flags of `podman run` that work where the limits of the caller are lower than podman's defaults. */
export const podmanRunFlags: readonly string[] = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

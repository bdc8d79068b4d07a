import { must } from '@varve/test/rig/run';
import { varveBin, varveEnvironment } from '@varve/test/rig/varve';
import { type ProcessPeak, watchMemory } from './process-memory.js';

/** What a builder is to build, and where everything of it lives. */
export interface Job {
  readonly context: string;
  readonly dockerfile: string;
  /** Reference to push to. */
  readonly image: string;
  /** An empty folder for the builder's store. */
  readonly store: string;
  /** The snapshotter that Varve is to use; its own choice by default. */
  readonly snapshot?: string;
}

/** What one build took. */
export interface Measured {
  readonly seconds: number;
  /** Sum of the peaks of the builder's processes, in bytes. */
  readonly memory: number;
  readonly processes: readonly ProcessPeak[];
}

/** A builder under measurement: builds and pushes. */
export type Builder = (job: Job) => Promise<Measured>;

const timeout = 900_000;

export const varve: Builder = job =>
  measured([
    [
      process.execPath,
      [
        ...[varveBin, 'build', job.context, '-f', job.dockerfile, '--store', job.store],
        ...['-t', job.image, '--push', '--progress', 'quiet'],
        ...(job.snapshot === undefined ? [] : ['--snapshot', job.snapshot]),
      ],
    ],
  ]);

export const buildah: Builder = job => {
  const flags = ['--root', `${job.store}/root`, '--runroot', `${job.store}/run`, '--storage-driver', 'overlay'];
  const build = ['bud', '--layers', '--isolation', 'chroot', '--network', 'host', '--tls-verify=false', '--quiet'];
  return measured([
    ['buildah', [...flags, ...build, '-t', job.image, '-f', job.dockerfile, job.context]],
    ['buildah', [...flags, 'push', '--quiet', '--tls-verify=false', job.image]],
  ]);
};

type Call = readonly [program: string, args: readonly string[]];

/** Runs calls one after the other: their wall time together, and the larger of their memory peaks. */
async function measured(calls: readonly Call[]): Promise<Measured> {
  const from = performance.now();
  let memory = 0;
  let processes: readonly ProcessPeak[] = [];
  for (const [program, args] of calls) {
    let watch: ReturnType<typeof watchMemory> | undefined;
    await must(program, args, {
      timeout,
      env: varveEnvironment(),
      started: pid => {
        watch = watchMemory(pid);
      },
    });
    const peaks = watch?.stop();
    if (peaks !== undefined && peaks.total > memory) {
      memory = peaks.total;
      processes = peaks.processes;
    }
  }
  return { seconds: (performance.now() - from) / 1000, memory, processes };
}

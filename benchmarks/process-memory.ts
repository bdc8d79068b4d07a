import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Peak memory of a process and of those that it started. */
export interface MemoryWatch {
  /** Ends the watch; gives the sum of the peaks (VmHWM) in bytes, and each process's. */
  stop(): { readonly total: number; readonly processes: readonly ProcessPeak[] };
}

export interface ProcessPeak {
  readonly pid: number;
  readonly name: string;
  readonly bytes: number;
}

const interval = 20;

/**
 * Watches a process and its descendants in the same pid namespace: processes of a RUN live in a namespace of their own
 * and do not count. The kernel keeps each peak, so that sampling misses only what grows in a process's last 20 ms.
 */
export function watchMemory(root: number): MemoryWatch {
  const namespace = link('/proc/self/ns/pid');
  const peaks = new Map<number, ProcessPeak>();
  const sample = (): void => {
    for (const pid of family(root)) {
      if (link(`/proc/${pid}/ns/pid`) !== namespace) continue;
      const status = text(`/proc/${pid}/status`);
      const kilobytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
      if (kilobytes * 1024 < (peaks.get(pid)?.bytes ?? 1)) continue;
      peaks.set(pid, { pid, name: text(`/proc/${pid}/comm`).trim(), bytes: kilobytes * 1024 });
    }
  };
  sample();
  const timer = setInterval(sample, interval);
  return {
    stop: () => {
      clearInterval(timer);
      const processes = [...peaks.values()];
      return { total: processes.reduce((sum, { bytes }) => sum + bytes, 0), processes };
    },
  };
}

function family(pid: number): number[] {
  const children = threads(pid).flatMap(thread => text(`/proc/${pid}/task/${thread}/children`).split(' '));
  return [pid, ...children.filter(child => child !== '').flatMap(child => family(Number(child)))];
}

/** A child belongs to the thread that made it. */
function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

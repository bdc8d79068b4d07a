import { readdirSync, readFileSync } from 'node:fs';

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
 * Watches a process and its descendants, down to one pid namespace below: a root host is process 1 of its own and counts, what a RUN
 * starts lives one namespace further down and does not. The kernel keeps each peak, so that sampling misses only what grows in a process's last 20 ms.
 * A fork that is about to become another program has the peak of its parent, with which it still shares all memory: it does not count.
 */
export function watchMemory(root: number): MemoryWatch {
  const deepest = namespaceDepth(text('/proc/self/status')) + 1;
  const peaks = new Map<number, ProcessPeak>();
  const sample = (): void => {
    for (const pid of family(root)) {
      const status = text(`/proc/${pid}/status`);
      if (namespaceDepth(status) > deepest || isCopy(pid)) continue;
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

/** In how many pid namespaces a process has a number (`NSpid` of proc(5)). */
function namespaceDepth(status: string): number {
  return /^NSpid:((?:\s+\d+)+)$/m.exec(status)?.[1]?.trim().split(/\s+/).length ?? 1;
}

/** `PF_FORKNOEXEC` among the flags of proc(5)'s `stat`, the seventh field behind the name. */
function isCopy(pid: number): boolean {
  const stat = text(`/proc/${pid}/stat`);
  const flags = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6] ?? 0);
  return (flags & 0x40) !== 0;
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

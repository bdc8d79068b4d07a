import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * All processes that descend from one, in no order, as /proc shows them now. Empty once it is gone. Numbers are those of this process's
 * own namespace, also where /proc is that of an outer one and has others.
 */
export function descendants(pid: number): readonly number[] {
  const level = ownLevel();
  const children = new Map<number, number[]>();
  const own = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    if (level > 0) own.set(Number(name), numberHere(name, level) ?? 0);
  }
  const start = level > 0 ? [...own].find(([, inner]) => inner === pid)?.[0] : pid;
  const found: number[] = [];
  const pending = start === undefined ? [] : [start];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    pending.push(...below);
  }
  return level > 0 ? found.flatMap(outer => own.get(outer) || []) : found;
}

/** Whether /proc belongs to another process namespace than this process: it may not be mounted anew where parts of it are masked. */
export function isForeignProc(): boolean {
  return readlinkSync('/proc/self') !== String(process.pid);
}

/** The number in this process's own namespace of a process that /proc shows; undefined where it is not in there. */
export function numberHere(name: string, level: number = ownLevel()): number | undefined {
  return level === 0 ? Number(name) : innerPids(name)?.[level];
}

/** How far below the namespace that /proc belongs to this process is. */
function ownLevel(): number {
  return isForeignProc() ? (innerPids('self')?.length ?? 1) - 1 : 0;
}

/** Numbers of a process in the namespace that /proc belongs to and in those below it, outermost first. */
function innerPids(pid: string): readonly number[] | undefined {
  try {
    const line = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return line?.split(/\s+/).map(Number);
  } catch {
    return undefined;
  }
}

/** Field 4 of /proc/PID/stat; the name before it stands in parentheses and may contain anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

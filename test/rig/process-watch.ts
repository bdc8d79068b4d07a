import { readdirSync, readFileSync } from 'node:fs';

/** What was seen of processes. */
export interface ProcessWatch {
  /** Each different text once. */
  readonly commandLines: ReadonlySet<string>;
  /** Each with the command line before it. */
  readonly environments: ReadonlySet<string>;
  /** Different processes that were seen. */
  readonly processes: number;
  stop(): void;
}

/**
 * Looks at the processes of this machine every few milliseconds until it is stopped: at the command lines of all, since anybody may read
 * these, and at the environments of those that descend from `root()`, once it is known, without itself.
 */
export function watchProcesses(root: () => number | undefined): ProcessWatch {
  const commandLines = new Set<string>();
  const environments = new Set<string>();
  const seen = new Set<string>();
  const look = (): void => {
    const parents = new Map<string, string>();
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      const line = read(pid, 'cmdline');
      if (line !== '') commandLines.add(line);
      parents.set(pid, read(pid, 'stat').split(') ').at(-1)?.split(' ')[1] ?? '0');
    }
    const top = root();
    if (top === undefined) return;
    const own = read(String(top), 'cmdline');
    for (const pid of parents.keys()) {
      if (pid === String(top) || !descends(pid, String(top), parents)) continue;
      // Between fork and exec a child is a copy of the process that starts it.
      const line = read(pid, 'cmdline');
      if (line === own) continue;
      seen.add(pid);
      environments.add(`${line}\n${read(pid, 'environ')}`);
    }
  };
  const timer = setInterval(look, 5);
  return {
    commandLines,
    environments,
    get processes() {
      return seen.size;
    },
    stop: () => clearInterval(timer),
  };
}

function descends(pid: string, top: string, parents: ReadonlyMap<string, string>): boolean {
  for (let at: string | undefined = pid; at !== undefined && at !== '0'; at = parents.get(at))
    if (at === top) return true;
  return false;
}

function read(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

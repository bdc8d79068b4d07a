import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Command lines of running processes that hold a text, each with its process id. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return line.includes(text) ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });
}

/** Mounts whose description holds a text, in the mount namespaces of this process and of all others that can be seen. */
export function mountsWith(text: string): string[] {
  const found = new Set<string>();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      for (const line of readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n')) {
        if (line.includes(text)) found.add(line);
      }
    } catch {
      // The process has ended meanwhile.
    }
  }
  return [...found];
}

/** Waits until a list is empty, and gives what is left of it after `limit` milliseconds. */
export async function untilNone(list: () => readonly string[], limit = 60_000): Promise<readonly string[]> {
  const deadline = performance.now() + limit;
  while (list().length > 0 && performance.now() < deadline) await sleep(50);
  return list();
}

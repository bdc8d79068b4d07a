import { readFileSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Verdict } from '../model/doctor.js';
import { findProgram } from '../sys/find-program.js';

const CGROUP2_MAGIC = 0x63677270;

/** A container runtime that was found, and the arguments before its verb that suit it. */
export interface OciRuntime {
  readonly program: string;
  readonly globalArgs: readonly string[];
}

/** The runtime that the executor uses on this machine, `crun` before `runc` (a third of its time); or why there is none. */
export function findOciRuntime(env: Readonly<Record<string, string | undefined>>): OciRuntime | Verdict {
  const crun = findProgram('crun', env);
  const runc = findProgram('runc', env);
  if (crun !== undefined && !hasHybridCgroups()) return { program: crun, globalArgs: ['--cgroup-manager=disabled'] };
  if (runc !== undefined) return { program: runc, globalArgs: [] };
  if (crun === undefined) {
    return { usable: false, reason: 'neither crun nor runc is installed', hint: 'install crun (or runc)' };
  }
  return {
    usable: false,
    reason: 'crun does not work with hybrid cgroups, and runc is not installed',
    hint: 'install runc, or boot with systemd.unified_cgroup_hierarchy=1',
  };
}

/** Controllers of version 1 with the second version beside them: crun refuses those even where it is to leave cgroups alone. */
function hasHybridCgroups(): boolean {
  try {
    return statfsSync('/sys/fs/cgroup/unified').type === CGROUP2_MAGIC;
  } catch {
    return false;
  }
}

/** Where a runtime logs, relative to its scratch folder. */
export const runtimeLog = 'log.json';

/** What a runtime wrote to its log last: why it could not start or end a container. */
export function lastComplaint(scratchDir: string): string | undefined {
  const lines = readFileSync(join(scratchDir, runtimeLog), { encoding: 'utf8', flag: 'a+' }).trim().split('\n');
  for (const line of lines.toReversed()) {
    const entry = parseEntry(line);
    if (entry?.level === 'error' && entry.msg !== undefined) return entry.msg;
  }
  return undefined;
}

function parseEntry(line: string): { readonly level?: string; readonly msg?: string } | undefined {
  try {
    return JSON.parse(line) as { level?: string; msg?: string };
  } catch {
    return undefined;
  }
}

/** The exit code a shell would give where a runtime says that the program is missing (127) or cannot be run (126). */
export function exitOfComplaint(complaint: string): 126 | 127 | undefined {
  if (!/\bexec(utable)?\b/.test(complaint)) return undefined;
  if (/not found|no such file/i.test(complaint)) return 127;
  if (/permission denied|format error|is a directory/i.test(complaint)) return 126;
  return undefined;
}

/** `crun`, `runc`. */
export function runtimeName(runtime: OciRuntime): string {
  return basename(runtime.program);
}

/** How a launcher becomes a step, once it is in the root. Nothing of the builder's files is needed from here on. */
import { existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import type { StepProcess } from '../model/process.js';
import {
  closeOnExecFrom,
  currentFolder,
  execve,
  exitNow,
  keepOnExec,
  replaceFd,
  startSession,
  unignoreSignals,
} from '../sys/become-process.js';
import { becomeUser, dieWithParent, filterCalls, keepBounding, setCapabilities, setLimit } from '../sys/privileges.js';
import { capabilitiesFor } from './held-capabilities.js';
import { programCandidates } from './program-candidates.js';
import { canFilter, seccompFilter } from './seccomp-filter.js';

/** Descriptor on which a launcher is told what to do, and answers what went wrong. */
export const launcherChannel = 3;
const stepStderr = 4;

/**
 * Gives up what the step may not have. The working directory is entered as root, as runc does; should it be one of our descriptors
 * on the machine's files after all, the kernel names it as unreachable. The filter comes before capabilities go: installing it
 * needs one.
 */
export function confine(step: StepProcess, { filtered }: { readonly filtered: boolean }): void {
  for (const { name, soft, hard } of step.ulimits ?? []) setLimit(name, soft, hard);
  process.umask(0o022);
  unignoreSignals();
  startSession();
  replaceFd(openSync('/dev/null', 'r'), 0);
  replaceFd(stepStderr, 2);
  keepOnExec(1);
  const held = new Set(capabilitiesFor(step.security));
  closeOnExecFrom(launcherChannel);
  enterCwd(step.cwd);
  if (!currentFolder().startsWith('/')) throw new Error(`the working directory ${step.cwd} lies outside the root`);
  keepBounding(held);
  if (filtered) filter();
  becomeUser(step.user.uid, step.user.gid, step.user.groups);
  if (step.user.uid === 0) setCapabilities(held);
  dieWithParent();
}

/** An earlier step may have taken it away; runc and crun make it again too. */
function enterCwd(cwd: string): void {
  if (!existsSync(cwd)) mkdirSync(cwd, { recursive: true, mode: 0o755 });
  process.chdir(cwd);
}

function filter(): void {
  if (!canFilter(process.arch)) throw new Error(`there is no seccomp filter for ${process.arch}`);
  filterCalls(seccompFilter(process.arch));
}

/** Never returns: where the program is missing or cannot be run, it ends as a shell would. */
export function become(step: StepProcess): never {
  let failure = 'ENOENT';
  for (const path of programCandidates(step.argv[0], step.env)) {
    const error = execve(path, step.argv, step.env);
    if (error !== 'ENOENT' && error !== 'ENOTDIR') failure = error;
  }
  const isMissing = failure === 'ENOENT';
  const reason = isMissing
    ? 'not found'
    : failure === 'ENOEXEC'
      ? 'exec format error'
      : `cannot be executed (${failure})`;
  writeSync(2, `exec: ${step.argv[0]}: ${reason}\n`);
  exitNow(isMissing ? 127 : 126);
}

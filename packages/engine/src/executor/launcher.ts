/**
 * The program that becomes a step: process 1 of new namespaces, started by `unshare`. Reads what to do on descriptor 3 and
 * either becomes the step or answers there why it could not.
 */
import { existsSync, mkdirSync, openSync, readFileSync, realpathSync, writeSync } from 'node:fs';
import type { StepProcess } from '../model/process.js';
import {
  closeOnExecFrom,
  currentFolder,
  execve,
  exitNow,
  keepOnExec,
  pivotRootHere,
  raiseLoopback,
  replaceFd,
  setHostname,
  startSession,
  unignoreSignals,
} from '../sys/become-process.js';
import { detachMount, makeReadOnly } from '../sys/mount.js';
import { mountPointOf } from '../sys/mount-points.js';
import { becomeUser, dieWithParent, filterCalls, keepBounding, setCapabilities, setLimit } from '../sys/privileges.js';
import { refuseCwdInProc } from './cwd.js';
import { capabilitiesFor } from './held-capabilities.js';
import type { LauncherMessage } from './launcher-message.js';
import { mountStepFiles } from './launcher-mounts.js';
import { programCandidates } from './program-candidates.js';
import { mountRoot } from './root-mount.js';
import { canFilter, seccompFilter } from './seccomp-filter.js';

const channel = 3;
const stepStderr = 4;

try {
  const message = JSON.parse(readFileSync(channel, 'utf8')) as LauncherMessage;
  enterRoot(message);
  confine(message.process);
  become(message.process);
} catch (error) {
  writeSync(channel, error instanceof Error ? error.message : String(error));
  exitNow(125);
}

/**
 * The step may become this program once more, by /proc/self/exe, and hold on to its file: the mount that it was started from, a copy of
 * this namespace's own, lets nobody write to it then (CVE-2019-5736).
 */
function enterRoot({ process: step, rootDir, nodesDir }: LauncherMessage): void {
  mountRoot(step.root, rootDir, step.security === 'insecure');
  mountStepFiles(step, rootDir, nodesDir);
  refuseCwdInProc(rootDir, step.cwd);
  // Last: what is mounted of it afterwards would be read-only too.
  makeReadOnly(mountPointOf(realpathSync(process.execPath)));
  if (step.network === 'none') raiseLoopback();
  setHostname(step.hostname);
  process.chdir(rootDir);
  pivotRootHere();
  detachMount('.');
  process.chdir('/');
}

/**
 * Gives up what the step may not have. The working directory is entered as root, as runc does; should it be one of our descriptors
 * on the machine's files after all, the kernel names it as unreachable. The filter comes before capabilities go: installing it
 * needs one.
 */
function confine(step: StepProcess): void {
  for (const { name, soft, hard } of step.ulimits ?? []) setLimit(name, soft, hard);
  process.umask(0o022);
  unignoreSignals();
  startSession();
  replaceFd(openSync('/dev/null', 'r'), 0);
  replaceFd(stepStderr, 2);
  keepOnExec(1);
  const held = new Set(capabilitiesFor(step.security));
  closeOnExecFrom(channel);
  enterCwd(step.cwd);
  if (!currentFolder().startsWith('/')) throw new Error(`the working directory ${step.cwd} lies outside the root`);
  keepBounding(held);
  if (step.security === 'sandbox') filter();
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

function become(step: StepProcess): never {
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

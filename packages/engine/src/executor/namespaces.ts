import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VarveError } from '../model/error.js';
import type { StepExit, StepProcess } from '../model/process.js';
import type { Executor } from '../plugin/executor.js';
import type { LauncherMessage } from './launcher-message.js';
import { StepChild, type StepChildExit } from './step-child.js';

const launcher = fileURLToPath(new URL('./launcher.js', import.meta.url));
const launcherFolders = ['root', 'nodes'] as const;

/**
 * Runs steps in namespaces of their own, by util-linux' `unshare` and a launcher of ours.
 *
 * `unshare` makes the namespaces and forks into the new process namespace (Node has threads and cannot). The launcher is Node
 * again: it mounts, pivots, drops what Docker drops and becomes the step by execve(2). setpriv and the pivot_root program would
 * have to be found and run after the old root is gone, that is out of the image; the launcher has all its code in memory by then,
 * so nothing of the image runs or is loaded before the step itself.
 *
 * @param unshare absolute path of util-linux' unshare
 * @param scratchParent an existing folder in which each step gets one of its own while it runs
 */
export function namespacesExecutor(unshare: string, scratchParent: string): Executor {
  return {
    async run(process, output, signal) {
      signal.throwIfAborted();
      const scratch = mkdtempSync(join(scratchParent, 'step-'));
      const stdin = openSync('/dev/null', 'r');
      try {
        for (const name of launcherFolders) mkdirSync(join(scratch, name));
        const message: LauncherMessage = { process, rootDir: join(scratch, 'root'), nodesDir: join(scratch, 'nodes') };
        const args = [...unshareArgs(process), '--', globalThis.process.execPath, launcher];
        const step = { uid: process.user.uid, output, message: JSON.stringify(message) };
        const exit = await new StepChild({ program: unshare, args, stdin, converses: true }).run(step, signal);
        return stepExit(exit);
      } finally {
        closeSync(stdin);
        // The launcher's mounts were never visible here: the folders are as empty as they were made.
        for (const name of launcherFolders) rmdirSync(join(scratch, name));
        rmdirSync(scratch);
      }
    },
  };
}

function unshareArgs(process: StepProcess): readonly string[] {
  const own = ['--mount', '--pid', '--ipc', '--uts', '--cgroup', ...(process.network === 'none' ? ['--net'] : [])];
  return [...own, '--propagation', 'private', '--fork', '--kill-child=SIGKILL'];
}

function stepExit(exit: StepChildExit): StepExit {
  if (exit.answer !== '') throw new VarveError('E_EXECUTOR', `the step could not be started: ${exit.answer}`);
  // unshare kills itself by the signal that killed its child; before SIGKILL it tries in vain to unblock it, and fails.
  if (exit.code === null) return { kind: 'signalled', signal: exit.signal ?? 'SIGKILL' };
  if (exit.complaint === '') return { kind: 'exited', code: exit.code };
  if (/^unshare: sig.*: Invalid argument$/m.test(exit.complaint)) return { kind: 'signalled', signal: 'SIGKILL' };
  throw new VarveError('E_EXECUTOR', `the step could not be started: ${exit.complaint.trim()}`);
}

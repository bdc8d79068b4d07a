/**
 * The program that becomes a step: process 1 of new namespaces, started by `unshare`. Reads what to do on descriptor 3 and
 * either becomes the step or answers there why it could not.
 */
import { readFileSync, realpathSync, writeSync } from 'node:fs';
import { exitNow, pivotRootHere, raiseLoopback, setHostname } from '../sys/become-process.js';
import { detachMount, makeReadOnly } from '../sys/mount.js';
import { mountPointOf } from '../sys/mount-points.js';
import { become, confine, launcherChannel } from './become-step.js';
import { refuseCwdInProc } from './cwd.js';
import type { LauncherMessage } from './launcher-message.js';
import { mountStepFiles } from './launcher-mounts.js';
import { mountRoot } from './root-mount.js';

try {
  const message = JSON.parse(readFileSync(launcherChannel, 'utf8')) as LauncherMessage;
  enterRoot(message);
  confine(message.process, { filtered: message.process.security === 'sandbox' });
  become(message.process);
} catch (error) {
  writeSync(launcherChannel, error instanceof Error ? error.message : String(error));
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

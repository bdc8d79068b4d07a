/**
 * The program that becomes a step in the root that it is started in. Says on descriptor 3 when it needs no file any more, reads there what to
 * do, and either becomes the step or answers why it could not.
 */
import { readFileSync, writeSync } from 'node:fs';
import { become, confine, launcherChannel } from '../executor/become-step.js';
import { refuseCwdInProc } from '../executor/cwd.js';
import type { StepProcess } from '../model/process.js';
import { currentFolder, exitNow } from '../sys/become-process.js';
import { hideProcess } from '../sys/own-process.js';

try {
  // The first call loads the library that all others use.
  currentFolder();
  hideProcess();
  writeSync(launcherChannel, '.');
  const step = JSON.parse(readFileSync(launcherChannel, 'utf8')) as StepProcess;
  refuseCwdInProc('/', step.cwd);
  // Another filter than the container's own takes a capability that nobody here has.
  confine(step, { filtered: false });
  become(step);
} catch (error) {
  writeSync(launcherChannel, error instanceof Error ? error.message : String(error));
  exitNow(125);
}

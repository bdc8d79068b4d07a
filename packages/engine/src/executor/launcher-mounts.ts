import { closeSync, lstatSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../model/error.js';
import type { StepMount, StepProcess } from '../model/process.js';
import { isNotPermitted } from '../sys/errno.js';
import { bindMount, bindMountAll, mount, mountFlags } from '../sys/mount.js';
import { defaultShmSize, maskedPaths, readOnlyPaths } from './confinement.js';
import { mountDev } from './dev-folder.js';
import { followInRoot, onDisk } from './path-in-root.js';
import { mountTmpfs } from './tmpfs.js';

const { noSuid, noDev, noExec, readOnly } = mountFlags;
const plain = noSuid | noDev | noExec;

/** Mounts what a step sees below its root, which is mounted on `rootDir`, in the order that the runtime spec's hosts use. */
export function mountStepFiles(process: StepProcess, rootDir: string, nodesDir: string): void {
  const sandboxed = process.security === 'sandbox';
  const shm = process.shmSize ?? defaultShmSize;
  const at = (path: string) => join(rootDir, path);
  mountKernelFiles('proc', at('proc'), plain);
  mountKernelFiles('sysfs', at('sys'), sandboxed ? plain | readOnly : plain);
  mountDev(at('dev'), nodesDir);
  const ptsData = 'newinstance,ptmxmode=0666,mode=0620,gid=5';
  mount({ source: 'devpts', target: at('dev/pts'), type: 'devpts', flags: noSuid | noExec, data: ptsData });
  mount({ source: 'shm', target: at('dev/shm'), type: 'tmpfs', flags: plain, data: `mode=1777,size=${shm}` });
  mount({ source: 'mqueue', target: at('dev/mqueue'), type: 'mqueue', flags: plain });
  for (const one of process.mounts) mountOne(one, rootDir);
  if (!sandboxed) return;
  for (const path of readOnlyPaths)
    if (statOrNone(at(path)) !== undefined) bindMount(at(path), at(path), plain | readOnly);
  for (const path of maskedPaths) mask(at(path), at('dev/null'));
}

/**
 * A fresh /proc or /sys; where the kernel refuses one, the machine's. It does in a user namespace: /sys belongs to the network, which the step
 * may share with others, and neither may show what is masked in the one there is.
 */
function mountKernelFiles(type: 'proc' | 'sysfs', target: string, flags: number): void {
  try {
    mount({ source: type, target, type, flags });
  } catch (error) {
    if (!isNotPermitted(error)) throw error;
    bindMountAll(type === 'proc' ? '/proc' : '/sys', target, flags);
  }
}

function mountOne(wanted: StepMount, rootDir: string): void {
  const found = followInRoot(rootDir, wanted.target);
  const target = onDisk(rootDir, [...found.existing, ...found.missing]);
  const isFile = wanted.kind === 'bind' && !statSync(wanted.source).isDirectory();
  // Only inside another mount: in the root itself every mount point stands already.
  if (found.missing.length > 0) create(target, isFile);
  if (wanted.kind === 'bind') {
    bindMount(wanted.source, target, wanted.readOnly ? noDev | readOnly : noDev);
    return;
  }
  mountTmpfs(target, wanted);
}

function create(target: string, isFile: boolean): void {
  mkdirSync(isFile ? dirname(target) : target, { recursive: true, mode: 0o755 });
  if (isFile) closeSync(openSync(target, 'wx', 0o644));
}

function mask(path: string, nullDevice: string): void {
  const stats = statOrNone(path);
  if (stats === undefined) return;
  if (stats.isDirectory()) {
    mount({ source: 'tmpfs', target: path, type: 'tmpfs', flags: plain | readOnly, data: 'size=0' });
  } else {
    bindMount(nullDevice, path, noSuid | noExec | readOnly);
  }
}

function statOrNone(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

import { readFileSync, readlinkSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../store/store.js';
import { findProgram } from '../sys/find-program.js';
import type { HostMethods, RootPair } from './protocol.js';

/** How long what was tried counts, in milliseconds: an hour. */
const counts = 3_600_000;

type Request = HostMethods['choosePair']['params'];

interface Remembered {
  readonly surroundings: string;
  readonly time: number;
  readonly pair: RootPair;
}

/**
 * The pair that a build on this store chose a short while ago where everything was as it is now: trying takes as long as two steps. What cannot
 * be started after all is forgotten ({@link forgetPair}), so that the next build tries again.
 */
export function recallPair(store: Store, request: Request): RootPair | undefined {
  try {
    const { surroundings, time, pair } = JSON.parse(readFileSync(fileOf(store), 'utf8')) as Remembered;
    const age = Date.now() - time;
    return age >= 0 && age < counts && surroundings === describe(store, request) ? pair : undefined;
  } catch {
    return undefined;
  }
}

export function rememberPair(store: Store, request: Request, pair: RootPair): void {
  const remembered: Remembered = { surroundings: describe(store, request), time: Date.now(), pair };
  const file = fileOf(store);
  try {
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(remembered), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // The next build tries again.
  }
}

export function forgetPair(store: Store): void {
  rmSync(fileOf(store), { force: true });
}

function fileOf(store: Store): string {
  return join(store.stateDir('probe'), 'pair.json');
}

/** All that decides what can be used: the boot, what this process may do and where it is, the programs, the store's file system. */
function describe(store: Store, request: Request): string {
  const programs = ['crun', 'runc', 'unshare', 'mount'].map(name => {
    const path = findProgram(name, process.env);
    const stat = path === undefined ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
    return [path, stat && String(stat.ino), stat && String(stat.mtimeNs), stat && String(stat.ctimeNs)];
  });
  const status = readOr('/proc/self/status');
  return JSON.stringify({
    request,
    node: process.version,
    boot: readOr('/proc/sys/kernel/random/boot_id'),
    kernel: readOr('/proc/sys/kernel/osrelease'),
    status: status.split('\n').filter(line => /^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp|Seccomp_filters):/.test(line)),
    profile: readOr('/proc/self/attr/current'),
    user: linkOr('/proc/self/ns/user'),
    ids: [readOr('/proc/self/uid_map'), readOr('/proc/self/gid_map')],
    store: [statfsSync(store.dir).type, String(statSync(store.dir).dev)],
    programs,
  });
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

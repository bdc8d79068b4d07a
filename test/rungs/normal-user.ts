import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { inRepository } from '../rig/repository.js';
import type { Workbench } from '../rig/workbench.js';

const id = 1234;

/** How a program is started as somebody else. */
export interface NormalUser {
  /** A folder of the user's own. */
  readonly home: string;
  /** Where the user finds this repository and Node, which may lie where only root may go. */
  readonly repository: string;
  readonly node: string;
  /** Program and arguments, before those of what is to run. */
  readonly command: readonly [string, ...string[]];
}

/**
 * Somebody without privileges, with ids of their own, as on a laptop. The machine's /etc stays as it is: the user is known in a mount
 * namespace alone, in which their programs run.
 */
export function normalUser(bench: Workbench): NormalUser {
  const [home, repository, node] = [bench.path('home'), bench.path('repository'), bench.path('node')];
  chmodSync(bench.folder, 0o711);
  for (const folder of [home, repository]) mkdirSync(folder);
  chownSync(home, id, id);
  writeFileSync(node, '');
  const files = {
    passwd: `root:x:0:0:root:/root:/bin/sh\nsomebody:x:${id}:${id}::${home}:/bin/sh\n`,
    subuid: 'somebody:200000:5000000\n',
    subgid: 'somebody:300000:5000000\n',
  };
  const binds = Object.entries(files).map(([name, text]) => {
    const file = bench.path(`etc-${name}`);
    writeFileSync(file, text, { mode: 0o644 });
    return `touch /etc/${name} && mount --bind ${file} /etc/${name}`;
  });
  const script = [
    ...binds,
    `mount --bind ${inRepository('.')} ${repository}`,
    `mount --bind ${process.execPath} ${node}`,
    `exec setpriv --reuid ${id} --regid ${id} --clear-groups env HOME=${home} TMPDIR=${home} "$@"`,
  ].join(' && ');
  const command = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh'] as const;
  return { home, repository, node, command: [...command] };
}

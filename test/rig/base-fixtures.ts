import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxRoot } from './base-busybox.js';
import { makeLayout, packLayer } from './oci-make.js';
import { must } from './run.js';

/** What the second layer holds: one thing of each kind that an unpacker may get wrong. */
const second = `
mkdir -p data/dir/sub data/gone data/opaque data/links data/perm data/names data/swap-to-file data/dev srv/app opt/real
echo one > data/one.txt; echo two > data/two.txt; echo deep > data/dir/sub/deep.txt; echo flat > data/dir/flat.txt
echo gone > data/gone/gone.txt; echo old > data/opaque/old.txt; echo kept > data/kept.txt
echo linked > data/links/a; ln data/links/a data/links/b; ln data/links/a data/links/c
ln -s a data/links/to-a; ln -s nowhere data/links/dangling; ln -s ../../etc data/links/to-etc; ln -s /opt/real opt/alias
echo swap > data/swap-to-dir; echo in > data/swap-to-file/in.txt
echo setuid > data/perm/setuid; chmod 4755 data/perm/setuid; echo none > data/perm/none; chmod 0000 data/perm/none
mkdir data/perm/sticky data/perm/setgid; chmod 1777 data/perm/sticky; chmod 2775 data/perm/setgid; chown 33:33 data/perm/setgid
echo owned > data/perm/owned; chown 1234:5678 data/perm/owned; echo big > data/perm/big-id; chown 3000000:4000000 data/perm/big-id
printf x > "data/names/with space"; printf x > "data/names/ünïcode-日本"; printf x > "$(printf 'data/names/latin1-\\351')"
printf x > "data/names/$(printf 'n%.0s' $(seq 1 200))"; mkdir -p "data/names/$(printf 'd%.0s' $(seq 1 120))"; printf y > "data/names/$(printf 'd%.0s' $(seq 1 120))/$(printf 'f%.0s' $(seq 1 120))"
mkfifo data/dev/fifo; mknod data/dev/null c 1 3; mknod data/dev/loop b 7 0
echo xattr > data/xattr; python3 -c 'import os; os.setxattr("data/xattr", "user.colour", b"blue"); os.setxattr("data/dir", "user.dir", b"\\x00\\xff")'
cp bin-busybox data/capped; setcap cap_net_raw+ep data/capped; rm bin-busybox
`;

/** What the third layer holds: whiteouts, an opaque directory, a directory over a file and a file over a directory. */
const third = `
mkdir -p data/opaque data/swap-to-dir; : > data/.wh.gone; : > data/.wh.two.txt; : > data/opaque/.wh..wh..opq
echo new > data/opaque/new.txt; echo now > data/swap-to-dir/now.txt; echo file > data/swap-to-file
`;

/** Busybox with layers full of links, owners, modes, devices, xattrs, odd names, whiteouts. */
export async function makeFixtures(layout: string, scratch: string): Promise<void> {
  const layers: string[] = [];
  const pack = async (name: string, fill: (root: string) => Promise<unknown>): Promise<void> => {
    const root = join(scratch, name);
    mkdirSync(root);
    await fill(root);
    await packLayer(root, `${root}.tar`);
    layers.push(`${root}.tar`);
  };
  await pack('first', busyboxRoot);
  await pack('second', root =>
    must('sh', ['-euc', `umask 022; cp /bin/busybox bin-busybox\n${second}`], { cwd: root }),
  );
  await pack('third', root => must('sh', ['-euc', `umask 022\n${third}`], { cwd: root }));
  await makeLayout(layout, layers, {
    cmd: ['sh', '-c', 'echo fixtures'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'BASE=fixtures'],
    labels: ['base=fixtures'],
    workdir: '/data',
  });
}

import { chmodSync, chownSync, copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeLayout, packLayer } from './oci-make.js';
import { must } from './run.js';

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;

const group = `root:x:0:
daemon:x:1:
bin:x:2:
wheel:x:10:root,operator
mail:x:8:
www-data:x:33:operator
operator:x:37:
nobody:x:65534:
`;

/** A stand-in for the official busybox image, from Debian's static busybox: every applet is a hard link in /bin. */
export async function makeBusybox(layout: string, scratch: string): Promise<void> {
  const root = join(scratch, 'root');
  await busyboxRoot(root);
  await packLayer(root, join(scratch, 'layer.tar'));
  await makeLayout(layout, [join(scratch, 'layer.tar')], { cmd: ['sh'], env: [searchPath] });
}

/** Of Debian, since busybox has none that knows attributes. */
const attributePrograms = ['/usr/sbin/setcap', '/usr/sbin/getcap', '/usr/bin/setfattr', '/usr/bin/getfattr', '/bin/cp'];

/** Busybox with this machine's programs for extended attributes and capabilities, and the libraries that they need. */
export async function makeAttributes(layout: string, scratch: string): Promise<void> {
  const root = join(scratch, 'root');
  await busyboxRoot(root);
  const libraries = (await must('ldd', attributePrograms)).match(/(?<=\t|=> )\/\S+/g) ?? [];
  for (const file of new Set([...attributePrograms, ...libraries])) {
    const target = join(root, file === '/bin/cp' ? '/usr/bin/cp' : file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
    chmodSync(target, 0o755);
  }
  await packLayer(root, join(scratch, 'layer.tar'));
  await makeLayout(layout, [join(scratch, 'layer.tar')], { cmd: ['sh'], env: [searchPath] });
}

/** Writes the root file system of the busybox image. */
export async function busyboxRoot(root: string): Promise<void> {
  for (const folder of ['bin', 'dev', 'etc', 'home', 'root', 'run', 'tmp', 'usr/sbin', 'var/spool/mail', 'var/www']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  for (const applet of (await must('/bin/busybox', ['--list'])).trim().split('\n')) {
    if (applet !== 'busybox') linkSync(join(root, 'bin/busybox'), join(root, 'bin', applet));
  }
  writeFileSync(join(root, 'etc/passwd'), passwd);
  writeFileSync(join(root, 'etc/group'), group);
  writeFileSync(join(root, 'etc/shadow'), 'root:*:10933:0:99999:7:::\n', { mode: 0o600 });
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
  symlinkSync('/proc/mounts', join(root, 'etc/mtab'));
  symlinkSync('../run', join(root, 'var/run'));
  chmodSync(join(root, 'root'), 0o700);
  chmodSync(join(root, 'tmp'), 0o1777);
  chownSync(join(root, 'home'), 65534, 65534);
  chownSync(join(root, 'usr/sbin'), 1, 1);
  chownSync(join(root, 'var/spool/mail'), 8, 8);
  chownSync(join(root, 'var/www'), 33, 33);
}

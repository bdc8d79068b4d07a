import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A part that a test needs and that a machine may lack: a Debian program, being root, or a kernel facility.
 * Each names how it is found and what to install.
 */
const parts = {
  root: { found: () => process.getuid?.() === 0, remedy: 'run as root' },
  linux: { found: () => process.platform === 'linux', remedy: 'run on Linux' },
  docker: {
    found: () => existsSync('/usr/bin/docker') && onPath('dockerd'),
    remedy: 'apt-get install docker.io',
  },
  registry: { found: () => onPath('docker-registry'), remedy: 'apt-get install docker-registry' },
  skopeo: { found: () => onPath('skopeo'), remedy: 'apt-get install skopeo' },
  umoci: { found: () => onPath('umoci'), remedy: 'apt-get install umoci' },
  podman: { found: () => onPath('podman'), remedy: 'apt-get install podman' },
  // podman's pause container is made of it.
  catatonit: { found: () => onPath('catatonit'), remedy: 'apt-get install catatonit' },
  buildah: { found: () => onPath('buildah'), remedy: 'apt-get install buildah' },
  python3: { found: () => onPath('python3'), remedy: 'apt-get install python3' },
  busybox: { found: () => existsSync('/bin/busybox'), remedy: 'apt-get install busybox-static' },
  mmdebstrap: { found: () => onPath('mmdebstrap'), remedy: 'apt-get install mmdebstrap' },
  gcc: { found: () => onPath('gcc'), remedy: 'apt-get install gcc libc6-dev' },
  htpasswd: { found: () => onPath('htpasswd'), remedy: 'apt-get install apache2-utils' },
  openssl: { found: () => onPath('openssl'), remedy: 'apt-get install openssl' },
  zstd: { found: () => onPath('zstd'), remedy: 'apt-get install zstd' },
  uidmap: { found: () => onPath('newuidmap'), remedy: 'apt-get install uidmap' },
  git: { found: () => onPath('git'), remedy: 'apt-get install git' },
  ssh: { found: () => onPath('ssh'), remedy: 'apt-get install openssh-client' },
  patchelf: { found: () => onPath('patchelf'), remedy: 'apt-get install patchelf' },
} as const satisfies Record<string, { found: () => boolean; remedy: string }>;

/** The name of a part that tests can ask for. */
export type Part = keyof typeof parts;

function onPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some(folder => folder !== '' && existsSync(join(folder, program)));
}

/**
 * What to give as `skip` to a test that needs these parts: false when all are here, else the reason in words.
 * With CI=true a missing part is an error instead, so that nothing is skipped unseen.
 */
export function need(...wanted: readonly Part[]): string | false {
  const missing = wanted.filter(part => !parts[part].found());
  if (missing.length === 0) return false;
  const reason = `needs ${missing.map(part => `${part} (${parts[part].remedy})`).join(', ')}`;
  if (process.env.CI === 'true') throw new Error(`CI=true, nothing may be skipped: ${reason}`);
  return reason;
}

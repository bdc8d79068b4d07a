import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileServer } from './file-server.js';
import { must } from './run.js';

/** One Debian package: fields of its control file, files, and the scripts that dpkg runs. */
interface DebianPackage {
  readonly name: string;
  readonly control: Readonly<Record<string, string>>;
  readonly files: readonly DebianFile[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly conffiles?: readonly string[];
}

interface DebianFile {
  readonly path: string;
  readonly text?: string;
  readonly link?: string;
  readonly mode?: number;
  readonly owner?: readonly [uid: number, gid: number];
}

/** Two packages that do what packages do: dependencies, a user, owners, modes, capabilities, alternatives, configuration files, a removal. */
const packages: readonly DebianPackage[] = [
  {
    name: 'ledger-data',
    control: { Version: '1.2-3' },
    files: [
      { path: 'usr/share/ledger/data', text: 'data\n' },
      { path: 'etc/ledger/ledger.conf', text: 'colour = blue\n', mode: 0o640, owner: [0, 4] },
      { path: 'var/lib/ledger/', mode: 0o2775, owner: [0, 50] },
    ],
    conffiles: ['/etc/ledger/ledger.conf'],
    scripts: {
      postinst: `set -e
if [ "$1" = configure ]; then
  getent passwd ledger > /dev/null || useradd --system --user-group --home-dir /var/lib/ledger --shell /usr/sbin/nologin ledger
  chage --lastday 2024-01-01 ledger
  chown ledger:ledger /var/lib/ledger
fi
`,
    },
  },
  {
    name: 'ledger',
    control: { Version: '2.0', Depends: 'ledger-data (>= 1.2), libcap2-bin' },
    files: [
      { path: 'usr/bin/ledger-full', text: '#!/bin/sh\necho ledger of $(id -un)\n', mode: 0o755 },
      { path: 'usr/lib/ledger/helper', text: 'helper\n', mode: 0o4750, owner: [0, 24] },
      { path: 'usr/lib/ledger/current', link: '../../share/ledger/data' },
    ],
    scripts: {
      postinst: `set -e
setcap cap_net_raw,cap_net_bind_service+ep /usr/lib/ledger/helper
update-alternatives --install /usr/bin/ledger ledger /usr/bin/ledger-full 50
`,
      prerm: 'update-alternatives --remove ledger /usr/bin/ledger-full\n',
    },
  },
];

const madeAt = 1_700_000_000;

/** Makes packages and offers them as a flat repository below `/apt/`, without a signature: `deb [trusted=yes] URL/apt ./`. */
export async function offerAptRepository(server: FileServer, scratch: string): Promise<void> {
  const stanzas: string[] = [];
  for (const made of packages) {
    const file = `${made.name}.deb`;
    const body = await buildPackage(made, join(scratch, made.name), join(scratch, file));
    server.offer(`/apt/${file}`, { body });
    const sums = { Filename: `./${file}`, Size: String(body.length), SHA256: sha256(body) };
    stanzas.push(stanza({ ...controlOf(made), ...sums }));
  }
  const index = Buffer.from(stanzas.join('\n'));
  server.offer('/apt/Packages', { body: index });
  const release = `Date: ${new Date(madeAt * 1000).toUTCString()}\nSHA256:\n ${sha256(index)} ${index.length} Packages\n`;
  server.offer('/apt/Release', { body: Buffer.from(release) });
}

async function buildPackage(made: DebianPackage, root: string, archive: string): Promise<Buffer> {
  for (const file of made.files) makeFile(root, file);
  const control = join(root, 'DEBIAN');
  mkdirSync(control, { recursive: true });
  writeFileSync(join(control, 'control'), stanza(controlOf(made)));
  if (made.conffiles !== undefined) writeFileSync(join(control, 'conffiles'), `${made.conffiles.join('\n')}\n`);
  for (const [name, text] of Object.entries(made.scripts ?? {}))
    writeFileSync(join(control, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
  // Times in the archive are not later than this one.
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(madeAt) };
  await must('dpkg-deb', ['--build', '-Zgzip', root, archive], { env });
  return readFileSync(archive);
}

function makeFile(root: string, { path, text, link, mode, owner = [0, 0] }: DebianFile): void {
  const target = join(root, path);
  mkdirSync(path.endsWith('/') ? target : dirname(target), { recursive: true });
  if (link !== undefined) {
    symlinkSync(link, target);
    lutimesSync(target, madeAt, madeAt);
    return;
  }
  if (text !== undefined) writeFileSync(target, text);
  chownSync(target, ...(owner as [number, number]));
  chmodSync(target, mode ?? (statSync(target).isDirectory() ? 0o755 : 0o644));
}

function controlOf({ name, control }: DebianPackage): Readonly<Record<string, string>> {
  const fixed = { Architecture: 'all', Maintainer: 'Nobody <nobody@example.org>', Description: `the package ${name}` };
  return { Package: name, ...control, ...fixed };
}

function stanza(fields: Readonly<Record<string, string>>): string {
  return `${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')}\n`;
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

/** The parts of `os/architecture[/variant]`, under the names that Go and OCI use. */
export interface PlatformParts {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

const systems = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  ),
);

const architectures = new Set(
  '386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'.split(
    ' ',
  ),
);

/** Other spellings of an architecture, some of which stand for a variant too. */
const aliases: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  i386: ['386', ''],
};

/** Variants that go without saying. */
const plain: Readonly<Record<string, readonly string[]>> = { amd64: ['v1'], arm64: ['8', 'v8'] };

/**
 * Reads a platform as containerd does; the system or the architecture alone will do, the other part is then `host`'s.
 * Undefined when a part is malformed, or when it alone names neither.
 */
export function readPlatform(text: string, host = 'linux/amd64'): PlatformParts | undefined {
  const parts = text.toLowerCase().split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || !parts.every(part => /^[a-z0-9_.()+-]+$/.test(part))) return undefined;
  if (second !== undefined) return partsOf(first, second, third);
  const [hostSystem = '', ...hostRest] = host.split('/');
  if (systems.has(systemOf(first))) return partsOf(first, ...hostRest);
  const alone = partsOf(hostSystem, first);
  return architectures.has(alone.architecture) ? alone : undefined;
}

/** The platform in the form in which containerd names it. */
export function formatPlatformParts({ os, architecture, variant }: PlatformParts): string {
  return [os, architecture, variant].filter(part => part !== '').join('/');
}

function systemOf(name: string): string {
  return name === 'macos' ? 'darwin' : name;
}

function partsOf(os: string, name = '', given = ''): PlatformParts {
  const [architecture, implied] = (Object.hasOwn(aliases, name) ? aliases[name] : undefined) ?? [name];
  const variant = implied ?? given;
  if (plain[architecture]?.includes(variant)) return { os: systemOf(os), architecture, variant: '' };
  if (architecture !== 'arm') return { os: systemOf(os), architecture, variant };
  return { os: systemOf(os), architecture, variant: variant === '' ? 'v7' : variant.replace(/^(?=[5-8]$)/, 'v') };
}

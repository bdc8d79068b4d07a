/** The parts of `os/architecture[/variant]`, under the names that Go and OCI use. */
export interface PlatformParts {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
  i386: '386',
};

const known = new Set(
  'amd64 arm64 arm 386 ppc64 ppc64le s390x riscv64 mips mipsle mips64 mips64le loong64 wasm'.split(' '),
);

/** Reads a platform; `os` or the architecture alone will do. Undefined when a part is malformed. */
export function readPlatform(text: string): PlatformParts | undefined {
  const parts = text.toLowerCase().split('/');
  const [first = '', second, third = ''] = parts;
  if (parts.length > 3 || !parts.every(part => /^[a-z0-9_.()-]+$/.test(part))) return undefined;
  const named = (name: string): string => (Object.hasOwn(architectures, name) ? (architectures[name] ?? name) : name);
  if (second !== undefined) return { os: first, architecture: named(second), variant: third };
  const alone = named(first);
  return known.has(alone)
    ? { os: 'linux', architecture: alone, variant: '' }
    : { os: first, architecture: 'amd64', variant: '' };
}

import { OciError } from './errors.js';
import type { Descriptor, Platform } from './model/descriptor.js';

const osAliases: Readonly<Record<string, string>> = { macos: 'darwin' };
const nodeArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  mipsel: 'mipsle',
  loong64: 'loong64',
};
const wordPattern = /^[A-Za-z0-9_.-]+$/;

/**
 * Takes `os/architecture[/variant]` apart and normalises it as containerd does. `os(version)` gives an OS version; one
 * word alone is an architecture of Linux, or an OS of this machine's architecture. Throws E_BAD_PLATFORM.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().split('/');
  const [, osName = '', version] = /^([^()]*)(?:\(([^()]*)\))?$/.exec(parts[0] ?? '') ?? [];
  const words = [osName, ...parts.slice(1)];
  if (parts.length > 3 || words.some(word => !wordPattern.test(word))) {
    throw new OciError('E_BAD_PLATFORM', `${JSON.stringify(text)} is not a platform`, {
      hint: 'write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, for instance linux/amd64 or linux/arm/v7',
    });
  }
  const [first = '', architecture, variant] = words;
  if (architecture === undefined) return parseOneWord(text, first);
  return normalizePlatform({
    os: first,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined || version === '' ? {} : { 'os.version': version }),
  });
}

/** `os/architecture[/variant]`, as users write it. */
export function formatPlatform(platform: Platform): string {
  const version = platform['os.version'];
  const os = version === undefined || version === '' ? platform.os : `${platform.os}(${version})`;
  const variant = platform.variant === undefined || platform.variant === '' ? '' : `/${platform.variant}`;
  return `${os}/${platform.architecture}${variant}`;
}

/** The platform with containerd's canonical names: x86_64 is amd64, aarch64 is arm64 (v8 dropped), arm is arm/v7. */
export function normalizePlatform(platform: Platform): Platform {
  const { variant: _, ...rest } = platform;
  const lowerOs = platform.os.toLowerCase();
  const os = osAliases[lowerOs] ?? lowerOs;
  const { architecture, variant } = normalizeArchitecture(platform.architecture, platform.variant ?? '');
  return { ...rest, os, architecture, ...(variant === '' ? {} : { variant }) };
}

/** This machine as a platform of Linux images: other systems run them in a Linux machine of the same architecture. */
export function hostPlatform(): Platform {
  const architecture = nodeArchitectures[process.arch] ?? process.arch;
  const os = process.platform === 'win32' ? 'windows' : 'linux';
  return normalizePlatform({ os, architecture });
}

/**
 * How well content for `have` serves `want`: 0 not at all, more is better. An arm variant serves newer ones (v6 serves
 * v7), an amd64 level serves higher ones (v1 serves v3), and the OS version has to agree where both name one.
 */
export function matchPlatform(want: Platform, have: Platform): number {
  const wanted = normalizePlatform(want);
  const there = normalizePlatform(have);
  if (wanted.os !== there.os || wanted.architecture !== there.architecture) return 0;
  const features = there['os.features'] ?? [];
  const wantedFeatures = wanted['os.features'];
  if (wantedFeatures !== undefined && !wantedFeatures.every(feature => features.includes(feature))) return 0;
  if (!versionServes(wanted, there)) return 0;
  const version = wanted['os.version'] !== undefined && wanted['os.version'] === there['os.version'] ? 1 : 0;
  const variant = variantScore(wanted.architecture, wanted.variant, there.variant);
  return variant === 0 ? 0 : variant * 2 + version;
}

/** The entry that serves the platform best, the first of equals; undefined where none does. Attestations are no images. */
export function selectPlatform(manifests: readonly Descriptor[], want: Platform): Descriptor | undefined {
  const scored = manifests
    .filter(entry => entry.platform !== undefined)
    .map(entry => ({ entry, score: entry.platform === undefined ? 0 : matchPlatform(want, entry.platform) }))
    .filter(({ score }) => score > 0);
  return scored.reduce<(typeof scored)[number] | undefined>(
    (best, next) => (best === undefined || next.score > best.score ? next : best),
    undefined,
  )?.entry;
}

/** The error for an image that is not there for a platform; names those that are. */
export function platformMismatch(what: string, wanted: Platform, there: readonly Platform[]): OciError {
  const names = [...new Set(there.filter(({ os }) => os !== 'unknown').map(formatPlatform))];
  const list = names.length === 0 ? 'it names no platform' : `it is there for ${names.join(', ')}`;
  return new OciError('E_PLATFORM_MISMATCH', `${what} is not there for ${formatPlatform(wanted)}: ${list}`, {
    hint: 'choose one of these platforms, or another image',
  });
}

function parseOneWord(text: string, word: string): Platform {
  const { architecture, variant } = normalizeArchitecture(word, '');
  if (knownArchitectures.has(architecture)) {
    return { os: hostPlatform().os, architecture, ...(variant === '' ? {} : { variant }) };
  }
  const os = osAliases[word.toLowerCase()] ?? word.toLowerCase();
  if (knownSystems.has(os)) return { ...hostPlatform(), os };
  throw new OciError('E_BAD_PLATFORM', `${JSON.stringify(text)} is neither an operating system nor an architecture`, {
    hint: 'write OS/ARCHITECTURE, for instance linux/amd64',
  });
}

const knownArchitectures: ReadonlySet<string> = new Set(
  '386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm'.split(' '),
);
const knownSystems: ReadonlySet<string> = new Set(
  'aix darwin dragonfly freebsd illumos linux netbsd openbsd plan9 solaris wasip1 windows'.split(' '),
);

function normalizeArchitecture(architecture: string, variant: string): { architecture: string; variant: string } {
  const arch = architecture.toLowerCase();
  const level = variant.toLowerCase();
  switch (arch) {
    case 'i386':
      return { architecture: '386', variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: level === 'v1' ? '' : level };
    case 'aarch64':
    case 'arm64':
      return { architecture: 'arm64', variant: level === '8' || level === 'v8' ? '' : level };
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      return { architecture: 'arm', variant: armVariant(level) };
    default:
      return { architecture: arch, variant: level };
  }
}

function armVariant(level: string): string {
  if (level === '' || level === '7') return 'v7';
  return /^[568]$/.test(level) ? `v${level}` : level;
}

function versionServes(wanted: Platform, there: Platform): boolean {
  const want = wanted['os.version'];
  const have = there['os.version'];
  if (want === undefined || have === undefined || want === '' || have === '') return true;
  if (wanted.os !== 'windows') return want === have;
  const build = (version: string): string => version.split('.').slice(0, 3).join('.');
  return build(want) === build(have);
}

function variantScore(architecture: string, want: string | undefined, have: string | undefined): number {
  if (want === have) return 100;
  const base = architecture === 'arm64' ? 8 : architecture === 'amd64' ? 1 : undefined;
  const wanted = level(want) ?? base;
  const there = level(have) ?? base;
  if (!['arm', 'arm64', 'amd64'].includes(architecture) || wanted === undefined || there === undefined) {
    return have === undefined ? 1 : 0;
  }
  return there <= wanted ? 50 - (wanted - there) : 0;
}

function level(variant: string | undefined): number | undefined {
  const digits = /^v(\d+(?:\.\d+)?)$/.exec(variant ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

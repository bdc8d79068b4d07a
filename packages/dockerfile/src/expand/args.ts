import type { ArgInstruction } from '../instruction.js';
import { type ExpandOptions, expandInPlace, type Lookup } from './expand.js';

/** The proxy arguments, in both spellings: usable without ARG, and no part of history or cache keys. */
export const predefinedProxyArgs: readonly string[] = [
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'FTP_PROXY',
  'ftp_proxy',
  'NO_PROXY',
  'no_proxy',
  'ALL_PROXY',
  'all_proxy',
];

/** The arguments that describe platforms and the target; known before the first FROM, in a stage after ARG only. */
export const platformArgNames: readonly string[] = [
  'BUILDPLATFORM',
  'BUILDOS',
  'BUILDOSVERSION',
  'BUILDARCH',
  'BUILDVARIANT',
  'TARGETPLATFORM',
  'TARGETOS',
  'TARGETOSVERSION',
  'TARGETARCH',
  'TARGETVARIANT',
  'TARGETSTAGE',
];

/** The arguments by which BuildKit itself is steered. */
export const builtinArgNames: readonly string[] = [
  'BUILDKIT_BUILD_NAME',
  'BUILDKIT_CACHE_MOUNT_NS',
  'BUILDKIT_CONTEXT_KEEP_GIT_DIR',
  'BUILDKIT_DOCKERFILE_CHECK',
  'BUILDKIT_INLINE_CACHE',
  'BUILDKIT_MULTI_PLATFORM',
  'BUILDKIT_SANDBOX_HOSTNAME',
  'BUILDKIT_SYNTAX',
  'SOURCE_DATE_EPOCH',
];

/** Where the value of a declared argument may come from. */
export interface ArgScope {
  /** The variables that a default sees: ENV and ARG before this line. */
  readonly environment: Lookup;
  /** What the caller of the build gave; wins over defaults. */
  readonly buildArg: Lookup;
  /** In a stage: the arguments declared before the first FROM, and the platform's; for names without a default. */
  readonly inherited?: Lookup;
}

/** A declared argument; `value` is undefined when nothing gives it one. */
export interface ResolvedArg {
  readonly name: string;
  readonly value: string | undefined;
}

/**
 * Resolves the declarations of an ARG in order: a build argument wins, then the default, then what is inherited.
 * A default sees those declared before it on the same line. A default that is overridden is not expanded, so that
 * an error in it does not matter.
 *
 * @throws DockerfileError E_BAD_SUBSTITUTION, E_VARIABLE_REQUIRED
 */
export function resolveArgs(instruction: ArgInstruction, scope: ArgScope, options: ExpandOptions = {}): ResolvedArg[] {
  const before = new Map<string, string>();
  const lookup: Lookup = name => before.get(name) ?? scope.environment(name);
  return instruction.args.map(({ name, default: fallback }) => {
    const given = scope.buildArg(name);
    const value =
      given ?? (fallback === undefined ? scope.inherited?.(name) : expandInPlace(fallback, lookup, options).value);
    if (value !== undefined) before.set(name, value);
    return { name, value };
  });
}

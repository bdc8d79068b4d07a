import type { ArgInstruction, Dockerfile } from '@varve/dockerfile';
import { predefinedProxyArgs, resolveArgs } from '@varve/dockerfile';
import { formatPlatform, type Platform } from '@varve/oci';

/** What is known before the first FROM: arguments of the whole file and of the platforms. */
export interface GlobalScope {
  /** `ARG`s before the first FROM and the platform arguments, with their values. */
  readonly globals: ReadonlyMap<string, string>;
  /** What the user gave with `--build-arg`. */
  readonly given: ReadonlyMap<string, string>;
  /** Given proxy arguments, which are known everywhere without an ARG. */
  readonly proxies: ReadonlyMap<string, string>;
}

export interface ScopeInput {
  readonly buildArgs: Readonly<Record<string, string | undefined>>;
  /** Where a build argument without a value is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
  readonly target?: string;
}

/** What the environment gives without being asked, as with buildx: a Dockerfile that declares it builds the same again. */
const fromEnvironment = { SOURCE_DATE_EPOCH: undefined } as const;

/** Global arguments as BuildKit scopes them: a given value wins over a default; defaults see the arguments before them. */
export function globalScope(file: Dockerfile, input: ScopeInput): GlobalScope {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries({ ...fromEnvironment, ...input.buildArgs })) {
    const known = value ?? input.env[name];
    if (known !== undefined) given.set(name, known);
  }
  const stage = input.target || file.stages.at(-1)?.name;
  const globals = platformArgs(input, stage ?? 'default');
  for (const name of globals.keys()) {
    const value = given.get(name);
    if (value !== undefined) globals.set(name, value);
  }
  for (const instruction of file.metaArgs) declareGlobals(instruction, globals, given, file);
  const proxies = new Map([...given].filter(([name]) => predefinedProxyArgs.includes(name)));
  return { globals, given, proxies };
}

function declareGlobals(
  instruction: ArgInstruction,
  globals: Map<string, string>,
  given: ReadonlyMap<string, string>,
  file: Dockerfile,
): void {
  const scope = { environment: (name: string) => globals.get(name), buildArg: (name: string) => given.get(name) };
  for (const { name, value } of resolveArgs(instruction, scope, { escape: file.directives.escape }))
    if (value !== undefined) globals.set(name, value);
}

/** BUILDPLATFORM … TARGETVARIANT and TARGETSTAGE, as BuildKit presets them. */
function platformArgs({ buildPlatform, targetPlatform }: ScopeInput, stage: string): Map<string, string> {
  const of = (prefix: string, platform: Platform): [string, string][] => [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform['os.version'] ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
  return new Map([...of('BUILD', buildPlatform), ...of('TARGET', targetPlatform), ['TARGETSTAGE', stage]]);
}

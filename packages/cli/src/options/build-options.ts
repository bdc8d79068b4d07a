import type { BuildOptions, OutputSpec } from '@varve/engine';
import { type FlagValues, isOn, listOf, textOf } from '../flags/flag-spec.js';
import { parseAnnotation } from './annotation.js';
import { parseCaches } from './cache.js';
import { oneOf } from './choice.js';
import { destinationsOf } from './destinations.js';
import { parseHost } from './host.js';
import { recordOf, splitFullPair, splitPair } from './key-value.js';
import { parseCount, parsePositiveSize, parseUlimit } from './limits.js';
import { parseOutput } from './output.js';
import { parsePlatforms } from './platform.js';
import { Problems } from './problems.js';
import { parsePlugin, parseProvider } from './provider.js';
import { registrySettings } from './registries.js';
import { parseSecret, parseSsh } from './secret.js';

const progressModes = ['auto', 'tty', 'plain', 'json', 'quiet'] as const;
export type ProgressMode = (typeof progressModes)[number];

/** What surrounds a call. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Absolute path of the store where `--store` is not given. */
  readonly defaultStore: string;
}

/** What a call asks of the engine, and what it asks of the command line itself. */
export interface BuildCall {
  readonly options: BuildOptions;
  readonly progress: ProgressMode;
  /** The archive for `docker load`, which is not among the outputs of the options. */
  readonly load?: OutputSpec;
  /** An archive goes to standard output, which holds nothing else then. */
  readonly toStdout: boolean;
  /** Files for what was pushed, which the command line writes. */
  readonly digestFiles: DigestFiles;
}

/** Files that a pipeline reads after a push. */
export interface DigestFiles {
  /** Gets the digest. */
  readonly digest?: string;
  /** Gets a line `NAME@DIGEST` for each repository that was pushed to. */
  readonly names?: string;
}

const entitlements = ['network.host', 'security.insecure', 'inplace', 'inplace-secrets'] as const;
const networks = ['default', 'none', 'host'] as const;

/**
 * Flags as they were given → what the engine is told. Nothing is read from disk. Errors: `E_BAD_FLAGS` with all that is wrong.
 */
export function buildCall(flags: FlagValues, context: string, surroundings: Surroundings): BuildCall {
  const problems = new Problems();
  const named = problems.attemptAll('--output', listOf(flags, 'output'), parseOutput);
  const { outputs, ...passedOn } = destinationsOf(named, isOn(flags, 'load'), problems);
  const call: BuildCall = {
    options: {
      context,
      cwd: surroundings.cwd,
      env: surroundings.env,
      store: textOf(flags, 'store') ?? surroundings.defaultStore,
      ...inputOptions(flags, problems, surroundings),
      ...outputOptions(flags, problems),
      outputs,
      ...cacheOptions(flags, problems),
      ...stepOptions(flags, problems),
      plugins: problems.attemptAll('--plugin', listOf(flags, 'plugin'), parsePlugin),
      registries: registrySettings(flags, surroundings.cwd, problems),
    },
    progress: progressMode(flags, problems),
    ...passedOn,
    digestFiles: digestFilesOf(flags),
  };
  if (isOn(flags, 'push') && (call.options.tags ?? []).length === 0) {
    problems.add('--push', 'there is no name to push to; add --tag');
  }
  const pushes = isOn(flags, 'push') || outputs.some(({ type }) => type === 'registry');
  if (call.digestFiles.names !== undefined && !pushes)
    problems.add('--image-name-with-digest-file', 'nothing is pushed; add --push');
  problems.throwIfAny();
  return call;
}

function digestFilesOf(flags: FlagValues): DigestFiles {
  return {
    ...optional('digest', textOf(flags, 'digest-file')),
    ...optional('names', textOf(flags, 'image-name-with-digest-file')),
  };
}

function inputOptions(flags: FlagValues, problems: Problems, { env }: Surroundings): Partial<BuildOptions> {
  const args = problems.attemptAll('--build-arg', listOf(flags, 'build-arg'), splitPair);
  const contexts = problems.attemptAll('--build-context', listOf(flags, 'build-context'), splitFullPair);
  const secrets = problems.attemptAll('--secret', listOf(flags, 'secret'), value => parseSecret(value, env));
  return {
    ...optional('file', textOf(flags, 'file')),
    ...optional('target', textOf(flags, 'target')),
    buildArgs: recordOf(args.map(({ name, value }) => ({ name, value }))),
    buildContexts: recordOf(contexts),
    platforms: problems.attemptAll('--platform', listOf(flags, 'platform'), parsePlatforms).flat(),
    pull: isOn(flags, 'pull'),
    secrets,
    ssh: problems.attemptAll('--ssh', listOf(flags, 'ssh'), parseSsh),
  };
}

function outputOptions(flags: FlagValues, problems: Problems): Partial<BuildOptions> {
  const labels = problems.attemptAll('--label', listOf(flags, 'label'), splitPair);
  const annotations = problems.attemptAll('--annotation', listOf(flags, 'annotation'), parseAnnotation);
  return {
    tags: listOf(flags, 'tag'),
    push: isOn(flags, 'push'),
    squash: isOn(flags, 'squash'),
    labels: recordOf(labels.map(({ name, value = '' }) => ({ name, value }))),
    annotations: annotations.flat(),
    ...optional('compression', attemptText(flags, problems, 'compression', parseProvider)),
    ...optional('metadataFile', textOf(flags, 'metadata-file')),
    ...optional('iidFile', textOf(flags, 'iidfile')),
  };
}

function cacheOptions(flags: FlagValues, problems: Problems): Partial<BuildOptions> {
  const named = { cache: listOf(flags, 'cache'), from: listOf(flags, 'cache-from'), to: listOf(flags, 'cache-to') };
  return { ...optional('caches', parseCaches(named, problems)), noCache: isOn(flags, 'no-cache') };
}

function stepOptions(flags: FlagValues, problems: Problems): Partial<BuildOptions> {
  return {
    ...optional('snapshotter', attemptText(flags, problems, 'snapshot', parseProvider)),
    ...optional('executor', attemptText(flags, problems, 'executor', parseProvider)),
    ...optional('network', attemptText(flags, problems, 'network', oneOf(networks))),
    ...optional('shmSize', attemptText(flags, problems, 'shm-size', parsePositiveSize)),
    ...optional('jobs', attemptText(flags, problems, 'jobs', parseCount)),
    allow: problems.attemptAll('--allow', listOf(flags, 'allow'), oneOf(entitlements)),
    addHosts: problems.attemptAll('--add-host', listOf(flags, 'add-host'), parseHost),
    ulimits: problems.attemptAll('--ulimit', listOf(flags, 'ulimit'), parseUlimit),
  };
}

function progressMode(flags: FlagValues, problems: Problems): ProgressMode {
  const mode = attemptText(flags, problems, 'progress', oneOf(progressModes));
  if (!isOn(flags, 'quiet')) return mode ?? 'auto';
  if (mode !== undefined && mode !== 'quiet') problems.add('--progress', '--quiet says otherwise', mode);
  return 'quiet';
}

function attemptText<T>(
  flags: FlagValues,
  problems: Problems,
  name: string,
  parse: (value: string) => T,
): T | undefined {
  const value = textOf(flags, name);
  return value === undefined ? undefined : problems.attempt(`--${name}`, value, parse);
}

/** A property only where it has a value, since `exactOptionalPropertyTypes` tells absent from undefined. */
function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

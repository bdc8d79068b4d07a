import { join } from 'node:path';
import { type FlagValues, isOn, listOf, textOf } from '../flags/flag-spec.js';
import { oneOf } from '../options/choice.js';
import { Problems } from '../options/problems.js';
import { mapCache } from './cache.js';
import { mapContext } from './context.js';
import { goTruth } from './go-truth.js';
import { ignoredPaths } from './ignored-paths.js';
import { notesOn } from './notes.js';
import { checkFile, mapOutputs, type NameFile, nameFilesOf } from './outputs.js';
import { type MappedRegistries, mapRegistries } from './registries.js';
import type { KanikoSurroundings, Note } from './surroundings.js';

/** A call of kaniko's executor in the words of `varve build`. */
export interface KanikoCall {
  /** Flags of `varve build`. */
  readonly flags: FlagValues;
  readonly context: string;
  /** Folder of the context that is the context. */
  readonly contextFolder?: string;
  /** Folders with base images. */
  readonly layerLayouts: readonly string[];
  /** Paths whose changes are in no layer. */
  readonly ignoredPaths: readonly string[];
  /** What is to be in the environment of the build besides. */
  readonly env: Readonly<Record<string, string>>;
  readonly every: MappedRegistries['every'];
  readonly nameFiles: readonly NameFile[];
  readonly destinations: readonly string[];
  /** Nothing is to be built: the plan is to be shown. */
  readonly planOnly: boolean;
  readonly notes: readonly Note[];
}

/** Where the executor image has its files. */
const defaultKanikoDir = '/kaniko';
const levels = ['panic', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
const silent: readonly string[] = ['panic', 'fatal', 'error'];

/**
 * Flags of kaniko → those of `varve build`, and what it has no flag for. Nothing is read from disk but whether the Dockerfile is there.
 * Errors: `E_BAD_FLAGS` with all that is wrong, `E_BAD_REFERENCE`.
 */
export function kanikoCall(words: FlagValues, around: KanikoSurroundings): KanikoCall {
  const problems = new Problems();
  const given = completed(words, around, problems);
  const notes = notesOn(given, problems);
  const destinations = listOf(given, 'destination');
  const { context, folder, file, env } = mapContext(given, around, problems);
  const ignored = ignoredPaths(given, problems);
  const outputs = mapOutputs(given, problems);
  const nameFiles = nameFilesOf(given, problems);
  const cache = mapCache(given, destinations, problems);
  const pushedTo = [...destinations, ...(cache.repository === undefined ? [] : [cache.repository])];
  const registries = mapRegistries(given, pushedTo, around);
  const flags = withoutEmptyLists({
    ...one('file', file),
    ...one('target', textOf(given, 'target')),
    ...platformOf(given),
    'build-arg': buildArguments(given, around),
    label: listOf(given, 'label'),
    annotation: listOf(given, 'annotation').map(pair => `manifest:${pair}`),
    secret: listOf(given, 'secret'),
    ...outputs,
    ...one('digest-file', digestFile(given, problems)),
    ...storeOf(given, around),
    ...cache.flags,
    ...registries.flags,
    ...one('progress', progressOf(given, problems)),
  });
  problems.throwIfAny();
  return {
    flags,
    context,
    ...(folder === undefined ? {} : { contextFolder: folder }),
    layerLayouts: cache.layerLayouts,
    ignoredPaths: ignored.paths,
    env: { ...env, ...(isOn(given, 'reproducible') ? { SOURCE_DATE_EPOCH: around.env.SOURCE_DATE_EPOCH || '0' } : {}) },
    every: registries.every,
    nameFiles,
    destinations,
    planOnly: isOn(given, 'dryrun'),
    notes: [...notes, ...ignored.notes],
  };
}

/** Without values that are empty, which pipelines give for those that they have none for, and with what the environment says. */
function completed(given: FlagValues, { env }: KanikoSurroundings, problems: Problems): FlagValues {
  const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const text = env.KANIKO_NO_PUSH ?? '';
  const noPush = text === '' ? undefined : problems.attempt('KANIKO_NO_PUSH', text, goSwitch);
  return noPush === undefined ? filled : { ...filled, 'no-push': noPush };
}

const goSwitch = (text: string): boolean => goTruth(text, 'it');

/** kaniko gives an ARG that is named without a value that of the environment, and an empty one where that has none. */
export function buildArguments(flags: FlagValues, { env }: Pick<KanikoSurroundings, 'env'>): readonly string[] {
  return listOf(flags, 'build-arg').map(pair => (pair.includes('=') ? pair : `${pair}=${env[pair] ?? ''}`));
}

/** `--verbosity` and `--log-format` as a mode of progress; undefined for the usual one. */
export function progressOf(flags: FlagValues, problems: Problems): string | undefined {
  const verbosity = textOf(flags, 'verbosity') ?? 'info';
  problems.attempt('--verbosity', verbosity, oneOf(levels));
  const format = textOf(flags, 'log-format') ?? 'color';
  problems.attempt('--log-format', format, oneOf(['text', 'color', 'json']));
  if (silent.includes(verbosity)) return 'quiet';
  return format === 'json' ? 'json' : format === 'text' ? 'plain' : undefined;
}

function platformOf(flags: FlagValues): FlagValues {
  const platform = textOf(flags, 'customPlatform') ?? textOf(flags, 'custom-platform');
  return platform === undefined || platform === '' ? {} : { platform: [platform] };
}

function digestFile(flags: FlagValues, problems: Problems): string | undefined {
  const file = textOf(flags, 'digest-file');
  if (file !== undefined) checkFile('--digest-file', file, problems);
  return file;
}

/** What a build keeps lies below kaniko's folder, where that is another one. */
function storeOf(flags: FlagValues, { env }: KanikoSurroundings): FlagValues {
  const dir = textOf(flags, 'kaniko-dir') ?? env.KANIKO_DIR;
  return dir === undefined || dir === '' || dir === defaultKanikoDir ? {} : { store: join(dir, 'varve') };
}

/** A list that says nothing leaves what a configuration file says. */
function withoutEmptyLists(flags: FlagValues): FlagValues {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

function one(name: string, value: string | undefined): FlagValues {
  return value === undefined ? {} : { [name]: value };
}

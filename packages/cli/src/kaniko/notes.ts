import { type FlagValues, isOn, listOf, textOf } from '../flags/flag-spec.js';
import type { Problems } from '../options/problems.js';
import type { Note } from './surroundings.js';

/** Flags that change nothing here, and why. */
const meaningless: Readonly<Record<string, string>> = {
  force: 'it builds outside of a container, too',
  cleanup: 'nothing is left behind in any case',
  'pre-cleanup': "steps do not run in the container's own files",
  'cache-copy-layers': 'COPY is remembered as RUN is',
  'snapshot-mode': 'changes are found exactly, and in the time of the quickest mode',
  snapshotMode: 'changes are found exactly, and in the time of the quickest mode',
  'use-new-run': 'changes are found exactly, without reading every file',
  'push-retry': 'what may pass is tried again in any case',
  'image-download-retry': 'what may pass is tried again in any case',
  'image-fs-extract-retry': 'what breaks off is taken up again in any case',
  'log-timestamp': 'times are in --log-format json',
  'skip-push-permission-check': 'nothing is asked of a registry in advance',
  materialize: 'no image is ever left unpacked',
  'preserve-context': "stages do not see the context's files",
  'credential-helpers': 'credentials are those of config.json, its helpers, and a job of GitLab CI',
  'azure-container-registry-config': 'credentials are those of config.json and its helpers',
  'force-build-metadata': 'what changes no files makes no layer, but is in the configuration',
};

/** The same of switches that are on in kaniko and were turned off. */
const offMeaningless: Readonly<Record<string, string>> = {
  'compressed-caching': 'remembered layers are those of the image',
  'skip-unused-stages': 'stages that the target does not need are never built',
};

/** Flags of the warmer that change nothing here. */
const warmerMeaningless: Readonly<Record<string, string>> = {
  force: 'layers are known by their digests, and what is there is right',
  'cache-ttl': 'images are asked for at their registries, and only new layers are copied',
  'log-timestamp': 'its lines have no times',
};

/** What people may have wanted, and what to do instead. */
const refused: Readonly<Record<string, string>> = {
  bucket: 'contexts in buckets need a cloud SDK; give the https:// address of the archive as --context',
  'push-ignore-immutable-tag-errors': 'a push that a registry refuses is an error; leave it out',
};

const renamed: Readonly<Record<string, string>> = {
  customPlatform: 'custom-platform',
  snapshotMode: 'snapshot-mode',
  tarPath: 'tar-path',
  'whitelist-var-run': 'ignore-var-run',
};

/** Flags of kaniko that mean nothing here, by name. */
export const meaninglessFlags: readonly string[] = [...Object.keys(meaningless), ...Object.keys(offMeaningless)];
/** Flags of kaniko that are refused. */
export const refusedFlags: readonly string[] = Object.keys(refused);

/** What is to be said of the flags of a warmer. */
export function warmerNotes(flags: FlagValues): readonly Note[] {
  return said(flags, warmerMeaningless, isGiven);
}

/** What is to be said of the flags that were given; those that are refused go to `problems`. */
export function notesOn(flags: FlagValues, problems: Problems): readonly Note[] {
  for (const [name, why] of Object.entries(refused)) if (isGiven(flags, name)) problems.add(`--${name}`, why);
  const old = Object.entries(renamed).filter(([name]) => flags[name] !== undefined);
  return [
    ...old.map(([name, now]) => ({ message: `--${name} is deprecated`, hint: `write --${now}` })),
    ...said(flags, meaningless, isGiven),
    ...said(flags, offMeaningless, (given, name) => given[name] === false),
  ];
}

function said(
  flags: FlagValues,
  table: Readonly<Record<string, string>>,
  applies: (flags: FlagValues, name: string) => boolean,
): readonly Note[] {
  return Object.entries(table).flatMap(([name, why]) =>
    applies(flags, name) ? [{ message: `--${name} means nothing here: ${why}` }] : [],
  );
}

function isGiven(flags: FlagValues, name: string): boolean {
  return isOn(flags, name) || textOf(flags, name) !== undefined || listOf(flags, name).length > 0;
}

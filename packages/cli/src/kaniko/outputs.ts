import { type FlagValues, isOn, listOf, textOf } from '../flags/flag-spec.js';
import { oneOf } from '../options/choice.js';
import type { Problems } from '../options/problems.js';

/** A file that gets a line for each destination. */
export interface NameFile {
  /** With its dashes. */
  readonly flag: string;
  readonly file: string;
  /** Whether the lines have tags. */
  readonly tags: boolean;
}

/** `--destination`, `--no-push`, `--tar-path`, `--oci-layout-path`, `--image-format` and compression, as flags of `varve build`. */
export function mapOutputs(flags: FlagValues, problems: Problems): FlagValues {
  const destinations = listOf(flags, 'destination');
  const push = !isOn(flags, 'no-push') && !isOn(flags, 'dryrun');
  if (push && destinations.length === 0) problems.add('--destination', 'it is missing; give it, or --no-push');
  const format = textOf(flags, 'image-format');
  const known = format === undefined ? 'oci' : problems.attempt('--image-format', format, oneOf(['oci', 'docker']));
  const types = known === 'docker' ? ',oci-mediatypes=false' : '';
  const tar = textOf(flags, 'tarPath') ?? textOf(flags, 'tar-path');
  const layout = textOf(flags, 'oci-layout-path');
  return {
    tag: destinations,
    output: [
      ...(tar === undefined ? [] : [`type=docker,${csvField(`dest=${tar}`)}`]),
      ...(layout === undefined ? [] : [`type=oci,tar=false${types},${csvField(`dest=${layout}`)}`]),
      ...(push && types !== '' ? [`type=registry${types}`] : []),
    ],
    ...(push ? { push: true } : {}),
    ...(isOn(flags, 'single-snapshot') ? { squash: true } : {}),
    ...compression(flags, problems),
  };
}

/** Files with the names of what was pushed. */
export function nameFilesOf(flags: FlagValues, problems: Problems): readonly NameFile[] {
  const named = [
    ['image-name-with-digest-file', false],
    ['image-name-tag-with-digest-file', true],
  ] as const;
  return named.flatMap(([name, tags]) => {
    const file = textOf(flags, name);
    if (file === undefined) return [];
    const flag = `--${name}`;
    if (listOf(flags, 'destination').length === 0) problems.add(flag, 'there is no --destination');
    checkFile(flag, file, problems);
    return [{ flag, file, tags }];
  });
}

/** kaniko PUTs a digest to `https://…`; here a file is a file. */
export function checkFile(flag: string, file: string, problems: Problems): void {
  if (/^https:\/\//.test(file)) problems.add(flag, 'it is a file; to send the digest elsewhere is for the next step');
}

function compression(flags: FlagValues, problems: Problems): FlagValues {
  const level = textOf(flags, 'compression-level');
  const named = textOf(flags, 'compression');
  if (named !== undefined) problems.attempt('--compression', named, oneOf(['gzip', 'zstd']));
  if (level !== undefined && !/^-?\d+$/.test(level)) problems.add('--compression-level', 'it is a number', level);
  const isDefault = level === undefined || level === '-1';
  if (named === undefined && isDefault) return {};
  return { compression: `${named ?? 'gzip'}${isDefault ? '' : `,level=${level}`}` };
}

/** A field of a flag that is read as CSV. */
function csvField(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

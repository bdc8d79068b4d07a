import {
  codeOf,
  findImagePlace,
  type ImageStore,
  openImageStore,
  parsePlatform,
  parseReference,
  withDefaultTag,
} from '@varve/oci';
import { fromEngine } from '../engine.js';
import { CliError } from '../errors/cli-error.js';
import { type FlagValues, textOf } from '../flags/flag-spec.js';
import { pushFlags } from '../flags/transfer-flags.js';
import { Problems } from '../options/problems.js';
import { registrySettings } from '../options/registries.js';
import { runCopy } from './image-copy.js';
import { settle } from './settings.js';

/** `varve push SOURCE REF…`. Resolves with the exit code. Errors: `E_USAGE`, and those of layouts, archives and registries. */
export async function pushCommand(source: string, names: readonly string[], given: FlagValues): Promise<number> {
  const { flags, store, surroundings } = await settle(given, pushFlags);
  const { cwd, env } = surroundings;
  const problems = new Problems();
  const registries = registrySettings(flags, cwd, problems);
  problems.throwIfAny();
  const references = names.map(name => withDefaultTag(parseReference(name)));
  const platform = textOf(flags, 'platform');
  const wanted = platform === undefined ? {} : { platform: parsePlatform(platform) };
  const { images, name } = await openSource(source, cwd, store);
  return runCopy({
    flags,
    cwd,
    env,
    registries,
    prepare: async client => ({
      from: { kind: 'store', store: images, ...(name === undefined ? {} : { name }) },
      to: { kind: 'registry', client, references },
      ...wanted,
    }),
    finish: () => images.close(),
  });
}

interface Source {
  readonly images: ImageStore;
  readonly name?: string;
}

/** A layout or an archive on disk, else an image that the store keeps under a name. */
async function openSource(source: string, cwd: string, store: string): Promise<Source> {
  const place = findImagePlace(source, cwd);
  if (place !== undefined)
    return { images: await openImageStore(place.path), ...(place.name === undefined ? {} : { name: place.name }) };
  const missing = (cause: unknown): CliError =>
    new CliError('E_USAGE', `there is no layout, archive or image in the store called ${source}`, {
      hint: 'name a folder or a file that -o type=oci or type=docker has written, or what a build said that it has kept',
      cause,
    });
  try {
    const openKeptImage = await fromEngine('openKeptImage');
    return { images: await openKeptImage(store, source), name: source };
  } catch (error) {
    const code = codeOf(error);
    throw code === 'E_BAD_LAYOUT' || code === 'E_IMAGE_UNKNOWN' ? missing(error) : error;
  }
}

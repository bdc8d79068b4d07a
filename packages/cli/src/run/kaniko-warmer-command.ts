import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  createLayout,
  formatReference,
  hostPlatform,
  type Layout,
  type Platform,
  parsePlatform,
  parseReference,
  type RegistrySettings,
  withDefaultTag,
} from '@varve/oci';
import { CliError } from '../errors/cli-error.js';
import { reportOf } from '../errors/report.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, listOf, textOf } from '../flags/flag-spec.js';
import { baseImagesOf } from '../kaniko/base-images.js';
import { buildArguments, progressOf } from '../kaniko/kaniko-call.js';
import { warmerNotes } from '../kaniko/notes.js';
import { mapRegistries } from '../kaniko/registries.js';
import type { Note } from '../kaniko/surroundings.js';
import { Problems } from '../options/problems.js';
import { registrySettings } from '../options/registries.js';
import { warningLines } from '../progress/warning.js';
import { paint, wantsColour } from '../terminal/colour.js';
import { type ImageCopy, runCopy } from './image-copy.js';
import { ownPlatform } from './pull-command.js';

/** `varve kaniko warmer`: copies images into a layout. Resolves with the exit code. Errors: `E_USAGE`, `E_BAD_FLAGS`, those of registries. */
export async function kanikoWarmerCommand(flags: FlagValues): Promise<number> {
  const cwd = process.cwd();
  const { env } = process;
  const problems = new Problems();
  const notes = warmerNotes(flags);
  const quiet = progressOf(flags, problems) === 'quiet';
  const registries = settingsOf(flags, cwd, problems);
  problems.throwIfAny();
  const named = textOf(flags, 'customPlatform') || undefined;
  const platform = named === undefined ? undefined : parsePlatform(named);
  const images = [...listOf(flags, 'image'), ...(await imagesOfFile(flags, cwd, platform ?? hostPlatform()))];
  if (images.length === 0) throw new CliError('E_USAGE', 'no image is named: give --image, or --dockerfile');
  const colours = paint(wantsColour(process.stderr, env));
  const warn = (code: string, note: Note): void => {
    const warning = { type: 'warning', time: 0, code, ...note } as const;
    process.stderr.write(`${warningLines(warning, colours).join('\n')}\n`);
  };
  if (!quiet) for (const note of notes) warn('W_FLAG_UNUSED', note);
  const layout = await createLayout(resolve(cwd, textOf(flags, 'cache-dir') || '/cache'));
  let failed = 0;
  for (const image of images) {
    try {
      const code = await warm(image, { flags: { quiet }, cwd, env, registries }, layout, platform);
      if (code !== exitCodes.done) return code;
    } catch (error) {
      // As with kaniko an image that cannot be had costs the time of a download later, and the others are worth having.
      failed += 1;
      if (failed === images.length) throw error;
      const { message, code } = reportOf(error, { debug: false });
      warn('W_IMAGE_NOT_COPIED', { message: `${image} was not copied: ${message} [${code}]` });
    }
  }
  return exitCodes.done;
}

type Surroundings = Pick<ImageCopy, 'flags' | 'cwd' | 'env' | 'registries'>;

function warm(image: string, around: Surroundings, layout: Layout, platform: Platform | undefined): Promise<number> {
  const reference = withDefaultTag(parseReference(image));
  return runCopy({
    ...around,
    prepare: async (client, signal) => {
      const chosen = platform ?? (await ownPlatform(client, reference, signal));
      return {
        from: { kind: 'registry', client, reference },
        to: { kind: 'layout', layout, names: [formatReference(reference)] },
        ...(chosen === undefined ? {} : { platform: chosen }),
      };
    },
    finish: async () => undefined,
  });
}

function settingsOf(flags: FlagValues, cwd: string, problems: Problems): RegistrySettings {
  const { flags: mapped, every } = mapRegistries(flags, [], { env: process.env });
  const settings = registrySettings(mapped, cwd, problems);
  return {
    ...settings,
    insecure: [...(settings.insecure ?? []), ...(every.insecure ? ['*'] : [])],
    skipTlsVerify: [...(settings.skipTlsVerify ?? []), ...(every.skipTlsVerify ? ['*'] : [])],
  };
}

async function imagesOfFile(flags: FlagValues, cwd: string, platform: Platform): Promise<readonly string[]> {
  const file = textOf(flags, 'dockerfile');
  if (file === undefined) return [];
  const content = await readFile(resolve(cwd, file)).catch(cause => {
    throw new CliError('E_USAGE', `the Dockerfile ${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
  const given = buildArguments(flags, { env: process.env }).map(pair => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return baseImagesOf(content, file, new Map(given), platform);
}

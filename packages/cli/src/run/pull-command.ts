import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type CopyTarget,
  createLayout,
  familiarReference,
  formatReference,
  hostPlatform,
  isIndex,
  type Platform,
  parsePlatform,
  parseReference,
  type Reference,
  type RegistryClient,
  withDefaultTag,
} from '@varve/oci';
import { CliError } from '../errors/cli-error.js';
import { type FlagValues, textOf } from '../flags/flag-spec.js';
import { pullFlags } from '../flags/transfer-flags.js';
import { oneOf } from '../options/choice.js';
import { Problems } from '../options/problems.js';
import { registrySettings } from '../options/registries.js';
import { runCopy } from './image-copy.js';
import { settle } from './settings.js';

/** `varve pull REF DEST`. Resolves with the exit code. Errors: `E_USAGE`, and those of registries. */
export async function pullCommand(name: string, dest: string, given: FlagValues): Promise<number> {
  const { flags, surroundings } = await settle(given, pullFlags);
  const { cwd, env } = surroundings;
  const problems = new Problems();
  const registries = registrySettings(flags, cwd, problems);
  const type = problems.attempt('--type', textOf(flags, 'type') ?? 'oci', oneOf(['oci', 'docker'] as const));
  const all = textOf(flags, 'platform') === 'all';
  if (all && type === 'docker')
    problems.add('--platform', 'a docker archive holds one platform; leave --type out', 'all');
  problems.throwIfAny();
  const reference = withDefaultTag(parseReference(name));
  const named = textOf(flags, 'platform');
  const platform = all || named === undefined ? undefined : parsePlatform(named);
  const path = resolve(cwd, dest);
  const kind = type === 'docker' ? 'docker-archive' : path.endsWith('.tar') ? 'layout-tar' : 'layout';
  checkPlace(kind, path, dest);
  const isNew = !existsSync(path);
  return runCopy({
    flags,
    cwd,
    env,
    registries,
    prepare: async (client, signal) => {
      const chosen = all ? undefined : (platform ?? (await ownPlatform(client, reference, signal)));
      return {
        from: { kind: 'registry', client, reference },
        to: await openTarget(kind, path, reference),
        ...(chosen === undefined ? {} : { platform: chosen }),
      };
    },
    finish: async ok => {
      if (!ok && isNew) await rm(path, { recursive: true, force: true });
    },
  });
}

/** This machine's platform, where there is a choice; an image that is of one platform is taken as it is. */
export async function ownPlatform(
  client: RegistryClient,
  reference: Reference,
  signal: AbortSignal,
): Promise<Platform | undefined> {
  const { mediaType } = await client.resolve(reference, { signal });
  return isIndex(mediaType) ? hostPlatform() : undefined;
}

type TargetKind = Exclude<CopyTarget['kind'], 'registry'>;

async function openTarget(kind: TargetKind, path: string, reference: Reference): Promise<CopyTarget> {
  const names = [kind === 'docker-archive' ? familiarReference(reference) : formatReference(reference)];
  if (kind === 'layout') return { kind, layout: await createLayout(path), names };
  await mkdir(dirname(path), { recursive: true });
  return { kind, path, names: kind === 'docker-archive' && reference.tag === undefined ? [] : names };
}

/** Errors: `E_USAGE` where something else is there than what is to be written. */
function checkPlace(kind: TargetKind, path: string, dest: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (kind !== 'layout') {
    if (stat.isDirectory()) throw new CliError('E_USAGE', `${dest} is a folder, and an archive is to be written`);
    return;
  }
  if (!stat.isDirectory())
    throw new CliError('E_USAGE', `${dest} is a file, and a layout folder is to be written`, {
      hint: 'let its name end in .tar for an archive',
    });
  if (!existsSync(join(path, 'oci-layout')) && readdirSync(path).length > 0)
    throw new CliError('E_USAGE', `${dest} has other things in it than an OCI image layout`, {
      hint: 'name a new or an empty folder',
    });
}

import type { Descriptor } from '@varve/oci';
import { annotateImages } from './image/annotate.js';
import { assembleIndex } from './image/assemble.js';
import { codeOf, VarveError } from './model/error.js';
import { errorSummary } from './model/error-summary.js';
import type { BuiltImages, Image } from './model/image.js';
import type { BuildOptions } from './model/options.js';
import type { BuildResult } from './model/result.js';
import type { BuildOutcome } from './plugin/hooks.js';
import type { CacheStack } from './providers/cache-stack.js';
import { openCaches } from './session/caches.js';
import { type Exported, Exports } from './session/exports.js';
import { surelyRuns } from './session/first-sight.js';
import { type BuildInputs, openInputs } from './session/inputs.js';
import { findNamedProviders } from './session/named-providers.js';
import { keepImages, type Output, openOutputs } from './session/outputs.js';
import { openPlatformBuild, planPlatform, runPlatform } from './session/platform-build.js';
import { type Platforms, platformsOf } from './session/platforms.js';
import { blamePlugin } from './session/plugin-fault.js';
import { writeResultFiles } from './session/result-files.js';
import type { RunControl } from './session/run-control.js';
import { openSession, type Session } from './session/session.js';

/**
 * Builds an image from a Dockerfile: choose providers, open the context, parse, graph, plan (asking the caches for every key at
 * once), run what is missing, assemble, export.
 *
 * Rejects with a {@link VarveError} or another error with a `code` (`E_STEP_FAILED` for a RUN that failed), or with the signal's reason.
 * When it settles, nothing of the build is left but what was asked for and what the store keeps.
 */
export async function build(options: BuildOptions, run: RunControl = {}): Promise<BuildResult> {
  await using session = await openSession(options, run);
  const { progress } = session;
  const platforms = platformsOf(options);
  const start = {
    file: options.file ?? 'Dockerfile',
    platforms: options.platforms ?? [],
    ...(options.target === undefined ? {} : { target: options.target }),
  };
  progress.emit({ type: 'buildStarted', time: progress.elapsed(), ...start });
  try {
    const result = await buildAll(session, platforms);
    await settle(session, { ok: true, images: result.images });
    progress.emit({ type: 'buildFinished', time: progress.elapsed(), ok: true });
    return { ...result, duration: progress.elapsed() };
  } catch (thrown) {
    const error = blamePlugin(thrown, session.plugins);
    await settle(session, { ok: false, error: asVarveError(error) });
    progress.emit({ type: 'buildFinished', time: progress.elapsed(), ok: false, error: errorSummary(error) });
    throw error;
  }
}

async function buildAll(session: Session, platforms: Platforms): Promise<Omit<BuildResult, 'duration'>> {
  await findNamedProviders(session);
  const outputs = await openOutputs(session);
  const inputs = await openInputs(session);
  await using _context = inputs.context;
  if (surelyRuns(session.options, session.store, inputs.file)) session.rootHosts.prepare();
  const caches = await openCaches(session);
  try {
    for (let lost = 1; ; lost++) {
      try {
        return await buildOnce(session, { outputs, inputs, caches }, platforms);
      } catch (error) {
        if (!goesOnWithout(session, caches, error, lost)) throw error;
      }
    }
  } finally {
    await caches.close();
  }
}

/**
 * Whether the build may begin again: where a cache named a layer that nobody has any more, its word is no good and the step is run after all. What
 * others know, and what was made meanwhile, is reused.
 */
function goesOnWithout({ options, progress }: Session, caches: CacheStack, error: unknown, lost: number): boolean {
  if (!lostLayerCodes.has(codeOf(error) ?? '') || options.noCache || !caches.asks) return false;
  const { code, data, message } = error as VarveError;
  // Where a file of this machine is damaged, others may be.
  const isLost = code === 'E_BLOB_MISSING' && typeof data?.digest === 'string' && caches.lose(data.digest);
  const known = isLost && lost <= mostLost;
  if (!known) caches.stopAsking();
  progress.warn(
    'W_CACHE_LOST',
    `a cached layer cannot be had any more: ${message}`,
    known ? 'the build starts again and makes it anew' : 'the build starts again without what is cached',
  );
  return true;
}

/** So many layers are made anew one by one; a cache that has lost more is worth nothing. */
const mostLost = 10;

const lostLayerCodes: ReadonlySet<string> = new Set(['E_BLOB_MISSING', 'E_BLOB_UNKNOWN', 'E_BLOB_DAMAGED']);

interface Opened {
  readonly outputs: readonly Output[];
  readonly inputs: BuildInputs;
  readonly caches: CacheStack;
}

async function buildOnce(
  session: Session,
  { outputs, inputs, caches }: Opened,
  platforms: Platforms,
): Promise<Omit<BuildResult, 'duration'>> {
  await using exports = new Exports(session, outputs);
  const built: Image[] = [];
  for (const platform of platforms) {
    const one = openPlatformBuild(session, inputs, caches, platform);
    await using _sources = one.sources;
    built.push(await runPlatform(one, await planPlatform(one), exports));
  }
  const images = withIndex(built as [Image, ...Image[]], session.options);
  const exported = await exports.finish(images);
  const kept = outputs.length === 0 ? { keptAs: await keepImages(session, images) } : {};
  const root = rootOf(images, exported);
  await writeResultFiles(session, images, root);
  return { images, exports: exported.map(({ descriptor: _, ...named }) => named), digest: root.digest, ...kept };
}

/** What people will have: what was pushed, or written where all have one digest, which other media types or annotations may give; else what was built. */
function rootOf({ images, index }: BuiltImages, exports: readonly Exported[]): Descriptor {
  const pushed = exports.find(({ exporter, descriptor }) => exporter === 'registry' && descriptor !== undefined);
  const written = new Map(exports.flatMap(({ descriptor }) => (descriptor ? [[descriptor.digest, descriptor]] : [])));
  const [only] = written.size === 1 ? written.values() : [];
  return pushed?.descriptor ?? only ?? index?.descriptor ?? images[0].manifestDescriptor;
}

/** More than one platform, or one that was asked for by a list, makes an index. */
function withIndex(images: readonly [Image, ...Image[]], options: BuildOptions): BuiltImages {
  const built = (options.platforms?.length ?? 0) > 1 ? { images, index: assembleIndex(images) } : { images };
  return annotateImages(built, options.annotations ?? []);
}

async function settle(session: Session, outcome: BuildOutcome): Promise<void> {
  for (const error of await session.hooks.settle('buildSettled', outcome))
    session.progress.warn(error.code, error.message, error.hint);
}

function asVarveError(error: unknown): VarveError {
  if (error instanceof VarveError) return error;
  // A plugin may bring a copy of the class.
  const { hint, where, data } = (error ?? {}) as Pick<VarveError, 'hint' | 'where' | 'data'>;
  return new VarveError(codeOf(error) ?? 'E_INTERNAL', error instanceof Error ? error.message : String(error), {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
    ...(where === undefined ? {} : { where }),
    ...(data === undefined ? {} : { data }),
  });
}

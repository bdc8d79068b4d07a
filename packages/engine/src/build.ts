import { hostPlatform, parsePlatform } from '@varve/oci';
import { assembleIndex } from './image/assemble.js';
import { codeOf, VarveError } from './model/error.js';
import { errorSummary } from './model/error-summary.js';
import type { PlannedStepSummary } from './model/event.js';
import type { BuiltImages, Image } from './model/image.js';
import type { BuildOptions } from './model/options.js';
import type { BuildResult } from './model/result.js';
import type { BuildOutcome } from './plugin/hooks.js';
import { openCaches } from './session/caches.js';
import { openInputs } from './session/inputs.js';
import { exportImages, keepImages, openOutputs } from './session/outputs.js';
import { openPlatformBuild, planPlatform, runPlatform } from './session/platform-build.js';
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
  } catch (error) {
    await settle(session, { ok: false, error: asVarveError(error) });
    progress.emit({ type: 'buildFinished', time: progress.elapsed(), ok: false, error: errorSummary(error) });
    throw error;
  }
}

/** What {@link build} would do, and with which keys. Runs no step. */
export async function planBuild(
  options: BuildOptions,
  run: RunControl = {},
): Promise<{ readonly steps: readonly PlannedStepSummary[] }> {
  const steps: PlannedStepSummary[] = [];
  const onEvent: NonNullable<RunControl['onEvent']> = event => {
    if (event.type === 'planned') steps.push(...event.steps);
    run.onEvent?.(event);
  };
  await using session = await openSession(options, { ...run, onEvent });
  const inputs = await openInputs(session);
  await using _context = inputs.context;
  const caches = await openCaches(session);
  try {
    for (const platform of platformsOf(options)) {
      const one = openPlatformBuild(session, inputs, caches, platform);
      await using _sources = one.sources;
      await planPlatform(one);
    }
  } finally {
    await caches.close();
  }
  return { steps };
}

async function buildAll(
  session: Session,
  platforms: ReturnType<typeof platformsOf>,
): Promise<Omit<BuildResult, 'duration'>> {
  const outputs = await openOutputs(session);
  const inputs = await openInputs(session);
  await using _context = inputs.context;
  const caches = await openCaches(session);
  try {
    const built: Image[] = [];
    for (const platform of platforms) {
      const one = openPlatformBuild(session, inputs, caches, platform);
      await using _sources = one.sources;
      built.push(await runPlatform(one, await planPlatform(one)));
    }
    const images = withIndex(built as [Image, ...Image[]], session.options);
    const exports = await exportImages(session, outputs, images);
    const kept = outputs.length === 0 ? { keptAs: await keepImages(session, images) } : {};
    await writeResultFiles(session, images);
    const digest = (images.index?.descriptor ?? images.images[0].manifestDescriptor).digest;
    return { images, exports, digest, ...kept };
  } finally {
    await caches.close();
  }
}

/** More than one platform, or one that was asked for by a list, makes an index. */
function withIndex(images: readonly [Image, ...Image[]], options: BuildOptions): BuiltImages {
  return (options.platforms?.length ?? 0) > 1 ? { images, index: assembleIndex(images) } : { images };
}

function platformsOf(options: BuildOptions): ReturnType<typeof parsePlatform>[] {
  return options.platforms && options.platforms.length > 0 ? options.platforms.map(parsePlatform) : [hostPlatform()];
}

async function settle(session: Session, outcome: BuildOutcome): Promise<void> {
  for (const error of await session.hooks.settle('buildSettled', outcome))
    session.progress.warn(error.code, error.message, error.hint);
}

function asVarveError(error: unknown): VarveError {
  if (error instanceof VarveError) return error;
  return new VarveError(codeOf(error) ?? 'E_INTERNAL', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

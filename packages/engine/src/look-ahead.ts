import type { LintWarning } from '@varve/dockerfile';
import type { PlannedStepSummary } from './model/event.js';
import type { StepExplanation } from './model/explanation.js';
import type { BuildOptions } from './model/options.js';
import { CacheStack } from './providers/cache-stack.js';
import { openCaches } from './session/caches.js';
import type { PlannedPlatform } from './session/content-keys.js';
import { explainPlan } from './session/explain-steps.js';
import { openInputs } from './session/inputs.js';
import { lintStages } from './session/lint.js';
import { graphOf, openPlatformBuild, type PlatformBuild, planPlatform, scopeOf } from './session/platform-build.js';
import { platformsOf } from './session/platforms.js';
import type { RunControl } from './session/run-control.js';
import { openSession } from './session/session.js';

/** What a build would do, and with which keys. Runs no step. */
export async function planBuild(
  options: BuildOptions,
  run: RunControl = {},
): Promise<{ readonly steps: readonly PlannedStepSummary[] }> {
  const steps: PlannedStepSummary[] = [];
  const onEvent: NonNullable<RunControl['onEvent']> = event => {
    if (event.type === 'planned') steps.push(...event.steps);
    run.onEvent?.(event);
  };
  await planEach(options, { ...run, onEvent }, async () => undefined);
  return { steps };
}

/** Why each step of a build would be cached or not: by what its key differs from the one that was last remembered there. Runs no step. */
export async function explainBuild(options: BuildOptions, run: RunControl = {}): Promise<readonly StepExplanation[]> {
  const steps: StepExplanation[] = [];
  await planEach(options, run, async (build, planned) => {
    steps.push(...(await explainPlan(build, planned.plan)));
  });
  return steps;
}

async function planEach(
  options: BuildOptions,
  run: RunControl,
  look: (build: PlatformBuild, planned: PlannedPlatform) => Promise<void>,
): Promise<void> {
  await using session = await openSession(options, run);
  const inputs = await openInputs(session);
  await using _context = inputs.context;
  const caches = await openCaches(session);
  try {
    for (const platform of platformsOf(options)) {
      const one = openPlatformBuild(session, inputs, caches, platform);
      await using _sources = one.sources;
      await look(one, await planPlatform(one));
    }
  } finally {
    await caches.close();
  }
}

/** What `checkBuild` found. */
export interface CheckReport {
  readonly warnings: readonly LintWarning[];
  /** Why a build would fail before its first step; `warnings` are then those that need no base image. */
  readonly error?: unknown;
}

/**
 * What the linter says of a build's Dockerfile (`docker build --check`): of the stages that the target needs, or of all where no
 * target is given. Bases are looked up; nothing is built.
 */
export async function checkBuild(options: BuildOptions, run: RunControl = {}): Promise<CheckReport> {
  await using session = await openSession(options, run);
  const inputs = await openInputs(session);
  await using _context = inputs.context;
  const [platform] = platformsOf(options);
  const one = openPlatformBuild(
    session,
    inputs,
    new CacheStack([], { warn: () => undefined, here: () => false }),
    platform,
  );
  await using _sources = one.sources;
  const scope = scopeOf(one);
  try {
    return { warnings: lintStages(one, scope, await graphOf(one, scope, !options.target)) };
  } catch (error) {
    if (session.signal.aborted) throw error;
    return { warnings: lintStages(one, scope), error };
  }
}

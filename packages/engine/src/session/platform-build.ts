import type { Dockerfile } from '@varve/dockerfile';
import { formatPlatform, hostPlatform, type Platform } from '@varve/oci';
import { downloadHeaders } from '../context/authorization.js';
import { buildGraph } from '../graph/build-graph.js';
import { namedContexts } from '../graph/named-contexts.js';
import { type GlobalScope, globalScope } from '../graph/scope.js';
import { assembleImage, finishConfig } from '../image/assemble.js';
import { historyOf } from '../image/history.js';
import { imagePlatform } from '../image/image-platform.js';
import type { PlannedStepSummary } from '../model/event.js';
import type { BuildGraph } from '../model/graph.js';
import type { Image } from '../model/image.js';
import type { ProviderChoice } from '../model/options.js';
import type { Plan, PlannedStep } from '../model/plan.js';
import { makePlan, type PlanInput } from '../plan/planner.js';
import type { InstructionHandler } from '../plugin/instruction.js';
import type { CacheStack } from '../providers/cache-stack.js';
import { runPlan } from '../run/run-plan.js';
import { Downloads, identityOf } from '../sources/downloads.js';
import { Images } from '../sources/images.js';
import { Trees } from '../sources/trees.js';
import type { PlannedPlatform } from './content-keys.js';
import { placesOf, whyMissed } from './explain-steps.js';
import type { Exports } from './exports.js';
import { surelyRuns } from './first-sight.js';
import type { BuildInputs } from './inputs.js';
import { lintStages, reportLint } from './lint.js';
import type { TocsOnTheWay } from './root.js';
import { runTools, tocReader } from './run-tools.js';
import { givenSecret } from './secrets.js';
import type { Session } from './session.js';
import { SourceService } from './source-service.js';
import { squash } from './squash.js';
import { decidingSettings } from './step-settings.js';

/** Everything that the steps of one platform share. */
export interface PlatformBuild {
  readonly session: Session;
  readonly inputs: BuildInputs;
  readonly caches: CacheStack;
  readonly platform: Platform;
  readonly images: Images;
  readonly downloads: Downloads;
  readonly trees: Trees;
  readonly sources: SourceService;
  readonly onTheWay: TocsOnTheWay;
  handler(keyword: string): Promise<InstructionHandler>;
}

export function openPlatformBuild(
  session: Session,
  inputs: BuildInputs,
  caches: CacheStack,
  platform: Platform,
): PlatformBuild {
  const { store, blobs, signal, progress, providers } = session;
  const onTheWay: TocsOnTheWay = new Map();
  const onResolve = (reference: string, done: boolean): void => progress.report('resolve', reference, { done });
  const trees = new Trees(session, tocReader(session, onTheWay));
  const images = new Images({
    registry: session.registry,
    cwd: session.options.cwd,
    scratchDir: session.scratch.dir,
    store,
    blobs,
    signal,
    memory: caches,
    pull: session.options.pull ?? false,
    layouts: session.options.layerLayouts ?? [],
    warn: progress.warn,
    onResolve,
    ...(looksAtBase(session, inputs.file) ? { foresee: diffIds => trees.foresee(diffIds) } : {}),
  });
  const handlers = new Map<string, Promise<InstructionHandler>>();
  return {
    session,
    inputs,
    caches,
    platform,
    images,
    downloads: new Downloads(
      session.scratch.folder('download'),
      signal,
      url => downloadHeaders(url, id => givenSecret(session.options, id)),
      session.options.env,
    ),
    trees,
    sources: new SourceService({
      session,
      context: inputs.context,
      ignoreFiles: inputs.ignoreFiles,
      images,
      trees,
      platform,
      memory: caches,
    }),
    onTheWay,
    handler(keyword) {
      const known =
        handlers.get(keyword) ??
        providers
          .get('instruction', { id: keyword, options: {} })
          .then(provider => provider.create(session.tools(keyword)));
      handlers.set(keyword, known);
      return known;
    },
  };
}

/** Whether steps will be run that have to know the files of their base. */
function looksAtBase({ options, store }: Session, file: Dockerfile): boolean {
  const looks = file.stages.some(({ instructions }) => instructions.some(({ keyword }) => looking.has(keyword)));
  return looks && surelyRuns(options, store, file);
}

const looking: ReadonlySet<string> = new Set(['WORKDIR', 'COPY', 'ADD']);

/** The arguments that the stages of one platform see. */
export function scopeOf({ session: { options }, inputs, platform }: PlatformBuild): GlobalScope {
  return globalScope(inputs.file, {
    buildArgs: options.buildArgs ?? {},
    env: options.env,
    buildPlatform: hostPlatform(),
    targetPlatform: platform,
    ...(options.target === undefined ? {} : { target: options.target }),
  });
}

/** The stages of one platform with their bases; all of them, or those that the target may need. Nothing is looked up in a cache or run. */
export function graphOf(build: PlatformBuild, scope: GlobalScope, everyStage = false): Promise<BuildGraph> {
  const { inputs, platform } = build;
  const { options } = build.session;
  return buildGraph({
    file: inputs.file,
    scope,
    contexts: namedContexts(options.buildContexts ?? {}),
    platform,
    ...(options.target === undefined ? {} : { target: options.target }),
    everyStage,
    resolveImage: (reference, wanted) => build.images.resolve(reference, wanted),
  });
}

/** The plan of one platform: graph, keys, and what the caches know. Nothing is run. */
export async function planPlatform(build: PlatformBuild): Promise<PlannedPlatform> {
  const { session, inputs, sources, downloads } = build;
  const { options, hooks, progress } = session;
  const scope = scopeOf(build);
  const resolved = await graphOf(build, scope);
  reportLint(session, lintStages(build, scope, resolved));
  const input: PlanInput = {
    graph: await hooks.amend('graphBuilt', resolved),
    common: {
      given: scope.given,
      globals: scope.globals,
      proxies: scope.proxies,
      escape: inputs.file.directives.escape,
      network: options.network ?? 'default',
      allowed: new Set(options.allow ?? []),
      settings: decidingSettings(options),
    },
    commonFields: await commonFields(session),
    handler: build.handler,
    digestSource: (source, filesKey) => sources.digest(source, filesKey),
    digestDownload: async download => identityOf(await downloads.get(download)),
    lookUp: steps =>
      options.noCache
        ? Promise.resolve(steps.map(() => undefined))
        : build.caches.findMany(
            steps.map(step => step.key),
            session.signal,
          ),
  };
  const plan = await makePlan(input);
  progress.emit({ type: 'planned', time: progress.elapsed(), steps: await summarize(build, plan) });
  await hooks.observe('planMade', plan);
  return { plan, again: known => makePlan({ ...input, known }) };
}

/** What decides every step alike: a heuristic snapshotter's layers, and those with clamped times, are not anybody else's. */
async function commonFields(session: Session): Promise<Readonly<Record<string, string>>> {
  const { snapshotter } = session.options;
  const heuristic =
    snapshotter && (await session.providers.get('snapshotter', snapshotter)).traits.fidelity === 'heuristic';
  return {
    ...(heuristic ? { snapshotter: snapshotter.id } : {}),
    ...(session.epoch ? { clamp: session.epoch.toISOString() } : {}),
  };
}

async function summarize(build: PlatformBuild, plan: Plan): Promise<readonly PlannedStepSummary[]> {
  const steps = plan.stages.flatMap(stage => stage.steps.map(step => ({ step, needed: stage.needed })));
  const why = build.session.options.noCache ? new Map<PlannedStep, string>() : await whyMissed(build, plan);
  return steps.map(({ step, needed }): PlannedStepSummary => {
    const reason = why.get(step);
    return {
      stage: step.step.stage,
      step: step.step.index,
      label: step.step.label,
      action: needed ? step.action : 'skip',
      ...(step.key ? { key: step.key } : {}),
      ...(step.cachedBy && needed ? { cachedBy: step.cachedBy } : {}),
      ...(reason ? { missed: reason } : {}),
    };
  });
}

/** Runs a plan and makes the image out of its target. `exports` are told of its layers one by one. */
export async function runPlatform(build: PlatformBuild, planned: PlannedPlatform, exports: Exports): Promise<Image> {
  const { session } = build;
  const { options, hooks, progress, epoch } = session;
  const compression: ProviderChoice = options.compression ?? { id: 'gzip', options: {} };
  const compressor = await (await session.providers.get('compressor', compression)).create(
    session.tools(`compressor-${compression.id}`),
  );
  const tools = runTools({
    ...build,
    layerOptions: { compression, ...(epoch ? { clampMtimeNs: BigInt(epoch.getTime()) * 1_000_000n } : {}) },
    fingerprint: compressor.fingerprint,
    planned,
    // What steps make is in no image then.
    exports: options.squash ? undefined : exports,
    places: step => placesOf(build, step),
  });
  const target = await runPlan(planned.plan, tools, session.jobs());
  await build.trees.kept();
  const finished = options.squash ? await squash(target, tools, build) : target;
  const { stage } = finished.stage;
  const asked = (options.platforms ?? []).length > 0 ? build.platform : undefined;
  const input = {
    config: finished.stage.config,
    layers: finished.layers,
    history: historyOf(stage.image?.config, finished.steps, epoch?.toISOString()),
    platform: imagePlatform(finished.stage.config, asked),
    labels: options.labels ?? {},
    annotations: options.annotations ?? [],
    ...(epoch ? { epoch: epoch.toISOString() } : {}),
  };
  const config = await hooks.amend('imageConfig', finishConfig(input));
  const image = assembleImage(input, config);
  await hooks.guard('imageBuilt', image);
  progress.emit({
    type: 'imageBuilt',
    time: progress.elapsed(),
    platform: formatPlatform(image.platform),
    manifest: image.manifestDescriptor.digest,
    config: image.configDescriptor.digest,
    layers: image.layers.map(({ descriptor, diffId }) => ({
      digest: descriptor.digest,
      diffId,
      size: descriptor.size,
    })),
  });
  return image;
}

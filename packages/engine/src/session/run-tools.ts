import { packChanges } from '../host/packed-changes.js';
import type { FinishedStepLayer, LayerOptions } from '../host/protocol.js';
import type { Change } from '../model/change.js';
import { codeOf, VarveError } from '../model/error.js';
import type { FileEntry } from '../model/file-entry.js';
import type { CachedStep, CacheKey, KeyRecord } from '../model/key.js';
import type { Layer } from '../model/layer.js';
import type { TreePath } from '../model/path.js';
import type { PlannedStep } from '../model/plan.js';
import type { LayerToc } from '../model/toc.js';
import { parentOf } from '../path/name.js';
import type { StepToSave } from '../plugin/cache.js';
import type { InstructionHandler, TreeView } from '../plugin/instruction.js';
import type { CacheStack } from '../providers/cache-stack.js';
import type { RunTools } from '../run/tools.js';
import type { Downloads } from '../sources/downloads.js';
import { MountTrees } from '../sources/mount-trees.js';
import type { ReadTocs, Trees } from '../sources/trees.js';
import { cacheOrigin } from './caches.js';
import { compressedOnce } from './compressed-once.js';
import { ContentKeys, type PlannedPlatform } from './content-keys.js';
import type { StepPlaces } from './explain-steps.js';
import type { Exports } from './exports.js';
import { layerWorkSize } from './layer-work-size.js';
import { fetchFailure, HostedRoot, type TocsOnTheWay } from './root.js';
import type { Session } from './session.js';
import type { SourceService } from './source-service.js';
import { mountCommand } from './step-mounts.js';
import { takeTurn } from './step-turns.js';
import { warnUnstable } from './warn-unstable.js';

export interface RunToolsInput {
  readonly session: Session;
  readonly caches: CacheStack;
  readonly sources: SourceService;
  readonly downloads: Downloads;
  readonly trees: Trees;
  readonly onTheWay: TocsOnTheWay;
  readonly layerOptions: LayerOptions;
  /** Fingerprint of the compressor that `layerOptions` names. */
  readonly fingerprint: string;
  readonly planned: PlannedPlatform;
  /** What may begin with layers of the image while later ones are made. */
  readonly exports: Exports | undefined;
  handler(keyword: string): Promise<InstructionHandler>;
  /** What a step is known by from build to build. */
  places(step: PlannedStep): StepPlaces;
}

/** What running a plan needs, from the services of a build. */
export function runTools(input: RunToolsInput): RunTools {
  const { session, sources, downloads, trees, layerOptions } = input;
  const { signal, progress, hooks } = session;
  const contentKeys = new ContentKeys({
    ...input.planned,
    session,
    caches: input.caches,
    sources,
    save: (planned, { step }) => saveStep(input, { ...keyed(planned), step, ...input.places(planned) }),
  });
  const mountTrees = new MountTrees({
    folder: () => session.scratch.folder('mount'),
    layOut: (dir, files) => session.owningHost().call('layOut', { dir, files }, { signal }),
  });
  return {
    signal,
    emit: progress.emit,
    elapsed: progress.elapsed,
    now: () => session.epoch ?? new Date(),
    handler: input.handler,
    treeOf: layers => trees.look(layers),
    // Whoever asks for it meets its errors.
    prepareTree: layers => void trees.of(layers).catch(() => undefined),
    prepareSource: source => sources.prepare(source),
    openSource: (source, layersOfStage) => sources.open(source, layersOfStage),
    mount: (command, mounted) => mountCommand(session, mountTrees, command, mounted),
    download: download => downloads.get(download),
    unpackArchive: file =>
      session
        .layerHost(Number.POSITIVE_INFINITY)
        .call('unpackArchive', { file, dir: session.scratch.folder('archive') }, { signal }),
    async writeLayer(changes, tree) {
      if (changes.length === 0) return null;
      const known = { ...layerOptions, changes: packChanges(changes), ancestors: ancestorsOf(changes, tree) };
      const made = await session.layerHost(workOf(changes)).call('writeLayer', known, { signal });
      warnUnstable(made, progress);
      return made;
    },
    layDown: (changes, tree, root) => root.layDown(changes, ancestorsOf(changes, tree), workOf(changes)),
    openRoot(label) {
      return new HostedRoot(session, { layerOptions, onTheWay: input.onTheWay, label });
    },
    current: stage => contentKeys.current(stage),
    review: (stage, layersOfStage) => contentKeys.review(stage, layersOfStage),
    adopt: planned => adopt(input, planned),
    turn: planned => takeTurn(session, input.caches, planned),
    async save(planned, made, created) {
      if (planned.key === undefined) return;
      const step = { layer: made?.layer ?? null, created, compressor: made?.compressor ?? '' };
      await saveStep(input, { ...keyed(planned), step, ...input.places(planned) });
      const byContent = contentKeys.of(planned.key);
      if (byContent) await saveStep(input, { ...byContent, step: { ...step, filesKey: planned.key } });
    },
    oneByOne: hooks.has('beforeStep') || hooks.has('layerBuilt'),
    beforeStep: step => hooks.guard('beforeStep', step),
    layerBuilt: (layer, step) => hooks.observe('layerBuilt', layer, step),
    imageLayer: (layer, isNew) => input.exports?.layer(layer, isNew),
  };
}

interface StepRecord extends Partial<StepPlaces> {
  readonly key: CacheKey;
  readonly record: KeyRecord;
  readonly step: CachedStep;
}

function keyed({ key, record }: PlannedStep): Pick<StepRecord, 'key' | 'record'> {
  return { key: key as CacheKey, record: record as KeyRecord };
}

function saveStep({ session, caches }: RunToolsInput, saved: StepRecord): Promise<void> {
  return caches.save(toSave(session, saved), session.signal);
}

function toSave({ blobs }: Session, saved: StepRecord): StepToSave {
  const { layer } = saved.step;
  return {
    ...saved,
    blob: () => blobs.read((layer as Layer).descriptor),
    knownIn: registry => (layer === null ? undefined : blobs.repositoryWith(layer.descriptor.digest, registry)),
  };
}

/** How much work writing changes is, in bytes. */
function workOf(changes: readonly Change[]): number {
  return layerWorkSize(changes.flatMap(change => (change.kind === 'write' ? [change.entry.size] : [])));
}

/** The directories above changes, as the tree has them: each layer carries its ancestors. */
function ancestorsOf(
  changes: readonly { readonly path: TreePath }[],
  tree: TreeView,
): readonly (readonly [TreePath, FileEntry])[] {
  const entries = new Map<TreePath, FileEntry | undefined>();
  for (const { path } of changes)
    for (let dir = path; dir !== ''; ) {
      dir = parentOf(dir);
      if (entries.has(dir)) break;
      entries.set(dir, tree.entry(dir));
    }
  return [...entries].filter((each): each is [TreePath, FileEntry] => each[1] !== undefined);
}

/** A cached layer made by another compressor (another `--compression`) is compressed anew, so that cached and uncached builds agree. */
async function adopt(input: RunToolsInput, planned: PlannedStep): Promise<FinishedStepLayer | null> {
  const { session, caches, fingerprint, layerOptions } = input;
  const cached = planned.cached as CachedStep;
  const { layer, compressor } = cached;
  const by = planned.cachedBy as string;
  if (layer) session.blobs.learn(layer.descriptor.digest, cacheOrigin(caches, by));
  const hit = { ...keyed(planned), step: cached, ...input.places(planned) };
  caches.pass(toSave(session, hit), by, session.signal);
  if (!layer) return null;
  if (compressor === fingerprint) return { layer, compressor };
  return compressedOnce({ ...cached, layer }, fingerprint, { memory: caches, store: session.store }, async () => {
    const host = session.layerHost(layer.descriptor.size);
    const { signal } = session;
    try {
      const input = host.input(layer);
      return await host.call('recompress', { input, compression: layerOptions.compression }, { signal });
    } catch (error) {
      const failure = await fetchFailure(session, [layer], error);
      // Caches are shared with machines that have other compressors: what cannot be read here is as good as lost.
      if (!unreadableCodes.has(codeOf(failure) ?? '')) throw failure;
      throw new VarveError('E_BLOB_MISSING', (failure as Error).message, { cause: failure });
    }
  });
}

const unreadableCodes: ReadonlySet<string> = new Set(['E_LAYER_UNSUPPORTED', 'E_PROVIDER_UNUSABLE']);

/** Reads the tables of contents of layers in the layer thread, unless a root host is at it already. */
export function tocReader(session: Session, onTheWay: TocsOnTheWay): ReadTocs {
  return async layers => {
    const awaited = layers.filter(layer => onTheWay.has(layer.diffId));
    await Promise.all(awaited.map(layer => onTheWay.get(layer.diffId)));
    const arrived = await Promise.all(layers.map(layer => session.tocs.get(layer.diffId)));
    const missing = layers.filter((_, index) => arrived[index] === undefined);
    if (missing.length === 0) return arrived as readonly LayerToc[];
    // What did not come for the root host just now is not fetched a second time.
    for (const layer of missing) {
      const reason = awaited.includes(layer) ? await session.blobs.failure(layer.descriptor) : undefined;
      if (reason !== undefined) throw reason;
    }
    const host = session.layerHost(missing.reduce((sum, layer) => sum + layer.descriptor.size, 0));
    try {
      await host.call('readTocs', { layers: missing.map(layer => host.input(layer)) }, { signal: session.signal });
    } catch (error) {
      throw await fetchFailure(session, missing, error);
    }
    return Promise.all(
      layers.map(async (layer, index) => arrived[index] ?? ((await session.tocs.get(layer.diffId)) as LayerToc)),
    );
  };
}

import { StringDecoder } from 'node:string_decoder';
import type { FinishedStepLayer } from '../host/protocol.js';
import type { Change } from '../model/change.js';
import { errorSummary } from '../model/error-summary.js';
import type { LayerSummary, StepResult } from '../model/event.js';
import type { Layer } from '../model/layer.js';
import { inRange } from '../model/place.js';
import type { PlannedStage, PlannedStep } from '../model/plan.js';
import type { InstructionHandler, TreeView } from '../plugin/instruction.js';
import { asList } from './as-list.js';
import { type OutputListener, stepWorld } from './step-world.js';
import type { LayersOfStage, RunTools, StageRootHandle } from './tools.js';

/** A step that is done. */
export interface FinishedStep {
  readonly planned: PlannedStep;
  /** Null: it changed no file. */
  readonly layer: Layer | null;
  /** When its files were made; absent for steps that touch none. */
  readonly created?: string;
}

export interface FinishedStage {
  readonly stage: PlannedStage;
  /** Of the base and of every step, lowest first. */
  readonly layers: readonly Layer[];
  /** Of the stages it is based on, then its own. */
  readonly steps: readonly FinishedStep[];
}

/** The stages that a stage takes files from in steps that have to run. */
export function stagesReadBy(stage: PlannedStage): readonly number[] {
  return stage.steps.flatMap(sourceStagesOf);
}

/**
 * Runs what has to be run of one stage, on top of the stage or the image that it is based on: first what needs no other stage, then, once the stages that it
 * reads from are there, the rest.
 */
export class StageRun implements AsyncDisposable {
  readonly #stage: PlannedStage;
  readonly #tools: RunTools;
  readonly #layersOfStage: LayersOfStage;
  readonly #steps: FinishedStep[];
  #layers: readonly Layer[];
  /** How many steps are done. */
  #done = 0;
  #root: StageRootHandle | undefined;

  constructor(stage: PlannedStage, base: FinishedStage | undefined, tools: RunTools, layersOfStage: LayersOfStage) {
    this.#stage = stage;
    this.#layers = base?.layers ?? stage.stage.image?.layers ?? [];
    this.#steps = [...(base?.steps ?? [])];
    this.#tools = tools;
    this.#layersOfStage = layersOfStage;
  }

  /** The steps that can be done before the stages that later ones read from; none where nothing of them has to run. */
  get early(): readonly PlannedStep[] {
    const { steps } = this.#stage;
    const first = steps.findIndex(step => sourceStagesOf(step).length > 0);
    const early = steps.slice(0, Math.max(first, 0));
    return early.some(({ action }) => action === 'run') ? early : [];
  }

  async begin(): Promise<void> {
    await this.#all(this.early);
  }

  /** Does the other steps, as the stage says now. */
  async finish(stage: PlannedStage): Promise<FinishedStage> {
    await this.#all(stage.steps.slice(this.#done));
    return { stage, layers: this.#layers, steps: this.#steps };
  }

  async #all(steps: readonly PlannedStep[]): Promise<void> {
    this.#tools.signal.throwIfAborted();
    // Unpacking the base takes longest: it begins while the steps before the first RUN are looked at.
    if (steps.some(capturesHere)) this.#openRoot();
    for (const step of steps) {
      this.#tools.signal.throwIfAborted();
      await this.#step(step);
      this.#done++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root?.[Symbol.asyncDispose]();
  }

  async #step(planned: PlannedStep): Promise<void> {
    if (planned.action === 'config') {
      this.#steps.push({ planned, layer: null });
      return;
    }
    const { stage, index, label } = planned.step;
    const base = { stage, step: index };
    const { emit, elapsed } = this.#tools;
    emit({ type: 'stepStarted', time: elapsed(), label, action: planned.action, ...base });
    try {
      const result = planned.action === 'reuse' ? await this.#reuse(planned) : await this.#run(planned);
      emit({ type: 'stepFinished', time: elapsed(), label, result, ...base });
    } catch (error) {
      const result: StepResult = this.#tools.signal.aborted
        ? { kind: 'stopped' }
        : { kind: 'failed', error: errorSummary(error) };
      emit({ type: 'stepFinished', time: elapsed(), label, result, ...base });
      throw error;
    }
  }

  async #reuse(planned: PlannedStep): Promise<StepResult> {
    const cached = planned.cached as NonNullable<PlannedStep['cached']>;
    const made = await this.#tools.adopt(planned);
    this.#push(planned, made, cached.created);
    return { kind: 'cached', by: planned.cachedBy as string, ...summaryOf(made, planned) };
  }

  async #run(planned: PlannedStep): Promise<StepResult> {
    using turn = await this.#tools.turn(planned);
    if (turn.found) return this.#reuse({ ...planned, cached: turn.found.step, cachedBy: turn.found.by });
    await this.#tools.beforeStep(planned.step);
    const handler = await this.#tools.handler(planned.instruction.keyword);
    const made = await inRange(planned.step.range, () => this.#perform(planned, handler));
    const created = this.#tools.now().toISOString();
    this.#push(planned, made, created);
    await this.#tools.save(planned, made, created);
    if (made) await this.#tools.layerBuilt(made.layer, planned.step);
    return { kind: 'ran', ...summaryOf(made, planned) };
  }

  async #perform(planned: PlannedStep, handler: InstructionHandler): Promise<FinishedStepLayer | null> {
    const { signal } = this.#tools;
    const root = planned.inputs.effect === 'captured' ? this.#openRoot() : undefined;
    await root?.sync(this.#layers);
    const layers = this.#layers;
    let tree: Promise<TreeView> | undefined;
    const world = stepWorld(planned, this.#tools, {
      tree: () => (tree ??= this.#tools.treeOf(layers)),
      layersOfStage: this.#layersOfStage,
      ...(root ? { root } : {}),
      onOutput: this.#output(planned),
    });
    const performing = handler.perform?.(planned.instruction, planned.state, world, signal);
    if (root) this.#prepareTree();
    const effect = await performing;
    if (!effect || effect.kind === 'none') return null;
    if (effect.kind === 'known') {
      const below = planned.inputs.onScratch ? world.scratch() : await world.tree();
      const changes = await asList(effect.changes);
      return this.#tools.writeLayer(changes, below, await this.#rootFor(changes));
    }
    return (root as StageRootHandle).capture(signal);
  }

  /** The tree of the base is laid while the process of the first step that has one runs, if a later step will ask for it. */
  #prepareTree(): void {
    const { steps, stage } = this.#stage;
    const isFirst = !steps.slice(0, this.#done).some(capturesHere);
    const isAskedFor = steps.slice(this.#done + 1).some(writesHere);
    const { image } = stage;
    // Not before the process has begun.
    if (isFirst && isAskedFor && image) setImmediate(() => this.#tools.prepareTree(image.layers));
  }

  /** The root, if a later step will need there what this one makes, and it has nothing else to do. */
  async #rootFor(changes: readonly Change[]): Promise<StageRootHandle | undefined> {
    const isNeeded = this.#stage.steps.slice(this.#done + 1).some(capturesHere);
    // A little is written while it gets ready.
    const isMuch =
      changes.length > aFew || changes.some(change => change.kind === 'write' && change.entry.size > small);
    const patience = isMuch ? worthWaiting : 0;
    return isNeeded && (await this.#root?.isReadyOn(this.#layers, patience)) ? this.#root : undefined;
  }

  #output(planned: PlannedStep): OutputListener {
    const { stage, index } = planned.step;
    const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
    const tell = (stream: 'stdout' | 'stderr', text: string): void => {
      if (text !== '')
        this.#tools.emit({ type: 'stepOutput', time: this.#tools.elapsed(), stage, step: index, stream, text });
    };
    return {
      chunk: (stream, chunk) =>
        tell(stream, decoders[stream].write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
      end: () => {
        tell('stdout', decoders.stdout.end());
        tell('stderr', decoders.stderr.end());
      },
    };
  }

  #push(planned: PlannedStep, made: FinishedStepLayer | null, created: string): void {
    this.#steps.push({ planned, layer: made?.layer ?? null, created });
    if (!made) return;
    this.#layers = [...this.#layers, made.layer];
    this.#tools.imageLayer(made.layer);
  }

  #openRoot(): StageRootHandle {
    if (!this.#root) {
      this.#root = this.#tools.openRoot(this.#stage.stage.label);
      // Whoever needs the root awaits the same work and meets its errors.
      this.#root.sync(this.#layers).catch(() => undefined);
    }
    return this.#root;
  }
}

/** Files, and bytes of one, that are written in a few milliseconds. */
const aFew = 100;
const small = 1 << 20;
/** Milliseconds in which a root whose base is unpacked already gets ready. */
const worthWaiting = 100;

function capturesHere({ action, inputs }: PlannedStep): boolean {
  return action === 'run' && inputs.effect === 'captured';
}

function writesHere({ action, inputs }: PlannedStep): boolean {
  return action === 'run' && inputs.effect === 'known';
}

function sourceStagesOf({ action, inputs }: PlannedStep): readonly number[] {
  if (action !== 'run') return [];
  return (inputs.sources ?? []).flatMap(({ ref }) => (ref.kind === 'stage' ? [ref.index] : []));
}

function summaryOf(made: FinishedStepLayer | null, planned: PlannedStep): { layer?: LayerSummary } {
  if (!made) return {};
  const { descriptor, diffId } = made.layer;
  const { createdBy } = planned.inputs;
  return {
    layer: {
      digest: descriptor.digest,
      diffId,
      size: descriptor.size,
      ...(createdBy === undefined ? {} : { createdBy }),
    },
  };
}

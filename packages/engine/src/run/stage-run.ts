import type { FinishedStepLayer } from '../host/protocol.js';
import type { Change } from '../model/change.js';
import { errorSummary } from '../model/error-summary.js';
import type { LayerSummary, StepResult } from '../model/event.js';
import type { Layer } from '../model/layer.js';
import { inRange } from '../model/place.js';
import type { PlannedStage, PlannedStep } from '../model/plan.js';
import type { InstructionHandler, TreeView } from '../plugin/instruction.js';
import { asList } from './as-list.js';
import { outputOf } from './step-output.js';
import { stepWorld } from './step-world.js';
import type { LayerInTheMaking, LayersOfStage, RunTools, StageRootHandle } from './tools.js';

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

/** A step that is being done. */
interface Attempt {
  readonly planned: PlannedStep;
  /** The steps below it, which may still be finished while it runs. */
  readonly below: Promise<void>;
  /** Called where the next step can begin before this one is finished. */
  laid(): void;
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
  /** How many steps are done, or need nothing any more but to be finished. */
  #done = 0;
  /** The steps that were begun, all of them finished in their order. */
  #finished: Promise<void> = Promise.resolve();
  /** Whether the last of them is still being finished; the root has what it made. */
  #isFinishing = false;
  /** Ends what was begun before it was known that the step below could not be finished. */
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  #root: StageRootHandle | undefined;
  /** Layers of the base that will be in the image, and of which nobody was told yet. */
  readonly #untold: Layer[];

  constructor(stage: PlannedStage, base: FinishedStage | undefined, tools: RunTools, layersOfStage: LayersOfStage) {
    this.#stage = stage;
    this.#layers = base?.layers ?? stage.stage.image?.layers ?? [];
    this.#steps = [...(base?.steps ?? [])];
    this.#untold = base ? [] : [...this.#layers];
    this.#tools = tools;
    this.#signal = AbortSignal.any([tools.signal, this.#abort.signal]);
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
    this.#tellBase();
    return { stage, layers: this.#layers, steps: this.#steps };
  }

  async #all(steps: readonly PlannedStep[]): Promise<void> {
    this.#tools.signal.throwIfAborted();
    // Unpacking the base takes longest: it begins while the steps before the first RUN are looked at.
    if (steps.some(capturesHere)) this.#openRoot();
    try {
      for (const step of steps) {
        this.#signal.throwIfAborted();
        await this.#step(step);
        this.#done++;
      }
    } finally {
      await this.#finished;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root?.[Symbol.asyncDispose]();
  }

  /** Does a step, as far as the next one has to wait for it: while its layer is finished, a process can run on what it made. */
  async #step(planned: PlannedStep): Promise<void> {
    const below = this.#finished;
    if (planned.action === 'config') {
      this.#follow(below.then(() => void this.#steps.push({ planned, layer: null })));
      return;
    }
    if (!capturesHere(planned)) await below;
    await new Promise<void>((laid, failed) => {
      const finished = this.#attempt({ planned, below, laid });
      this.#follow(finished);
      finished.then(laid, failed);
    });
  }

  #follow(finished: Promise<void>): void {
    this.#finished = finished;
    finished.catch(() => undefined);
  }

  async #attempt(attempt: Attempt): Promise<void> {
    const { planned } = attempt;
    const { stage, index, label } = planned.step;
    const base = { stage, step: index };
    const { emit, elapsed } = this.#tools;
    const action = planned.action === 'reuse' ? 'reuse' : 'run';
    emit({ type: 'stepStarted', time: elapsed(), label, action, ...base });
    try {
      const result = action === 'reuse' ? await this.#reuse(planned) : await this.#run(attempt);
      emit({ type: 'stepFinished', time: elapsed(), label, result, ...base });
    } catch (error) {
      const result: StepResult = this.#signal.aborted
        ? { kind: 'stopped' }
        : { kind: 'failed', error: errorSummary(error) };
      this.#abort.abort(error);
      await attempt.below.catch(() => undefined);
      emit({ type: 'stepFinished', time: elapsed(), label, result, ...base });
      throw error;
    } finally {
      this.#isFinishing = false;
    }
  }

  async #reuse(planned: PlannedStep): Promise<StepResult> {
    const cached = planned.cached as NonNullable<PlannedStep['cached']>;
    const made = await this.#tools.adopt(planned);
    this.#push({ planned, layer: made?.layer ?? null, created: cached.created }, false);
    return { kind: 'cached', by: planned.cachedBy as string, ...summaryOf(made, planned) };
  }

  async #run({ planned, below, laid }: Attempt): Promise<StepResult> {
    using turn = await this.#tools.turn(planned);
    if (turn.found) {
      await below;
      return this.#reuse({ ...planned, cached: turn.found.step, cachedBy: turn.found.by });
    }
    await this.#tools.beforeStep(planned.step);
    const handler = await this.#tools.handler(planned.instruction.keyword);
    const made = await inRange(planned.step.range, async () => {
      const layer = await this.#perform(planned, handler, below);
      if (!layer) return null;
      await layer.laid;
      if (layer.laid && !this.#tools.oneByOne) {
        this.#isFinishing = true;
        laid();
      }
      return layer.finished;
    });
    const created = this.#tools.now().toISOString();
    this.#push({ planned, layer: made?.layer ?? null, created }, true);
    await this.#tools.save(planned, made, created);
    if (made) await this.#tools.layerBuilt(made.layer, planned.step);
    return { kind: 'ran', ...summaryOf(made, planned) };
  }

  async #perform(
    planned: PlannedStep,
    handler: InstructionHandler,
    below: Promise<void>,
  ): Promise<LayerInTheMaking | null> {
    const root = planned.inputs.effect === 'captured' ? this.#openRoot() : undefined;
    // What is still being finished lies on the root already.
    if (!this.#isFinishing) await root?.sync(this.#layers);
    let tree: Promise<TreeView> | undefined;
    const world = stepWorld(planned, this.#tools, {
      tree: () => (tree ??= below.then(() => this.#tools.treeOf(this.#layers))),
      layersOfStage: this.#layersOfStage,
      ...(root ? { root } : {}),
      onOutput: outputOf(planned, this.#tools),
      isFollowed: this.#stepsAbove.some(capturesHere),
    });
    const performing = handler.perform?.(planned.instruction, planned.state, world, this.#signal);
    if (root) this.#useTime();
    const effect = await performing;
    await below;
    if (!effect || effect.kind === 'none') return null;
    if (effect.kind === 'captured') return (root as StageRootHandle).capture(this.#tools.signal);
    return this.#write(await asList(effect.changes), planned.inputs.onScratch ? world.scratch() : await world.tree());
  }

  async #write(changes: readonly Change[], tree: TreeView): Promise<LayerInTheMaking | null> {
    if (changes.length === 0) return null;
    const root = await this.#rootFor(changes);
    if (root) return this.#tools.layDown(changes, tree, root);
    return { finished: this.#tools.writeLayer(changes, tree) };
  }

  /** Those that come after the one that is being done. */
  get #stepsAbove(): readonly PlannedStep[] {
    return this.#stage.steps.slice(this.#done + 1);
  }

  /** What can wait is done while the process of the first step that has one runs: later steps that write files find what they read made ready. */
  #useTime(): void {
    const { steps, stage } = this.#stage;
    const isFirst = !steps.slice(0, this.#done).some(capturesHere);
    const writing = this.#stepsAbove.filter(writesHere);
    const { image } = stage;
    if (!isFirst) return;
    // Not before the process has begun.
    setImmediate(() => {
      if (writing.length > 0 && image) this.#tools.prepareTree(image.layers);
      for (const { inputs } of writing) for (const source of inputs.sources ?? []) this.#tools.prepareSource(source);
      this.#tellBase();
    });
  }

  /** The root, if a later step will need there what this one makes, and it has nothing else to do. */
  async #rootFor(changes: readonly Change[]): Promise<StageRootHandle | undefined> {
    const isNeeded = this.#stepsAbove.some(capturesHere);
    const isMuch =
      changes.length > aFew || changes.some(change => change.kind === 'write' && change.entry.size > small);
    const patience = isMuch ? worthWaiting : worthALittle;
    return isNeeded && (await this.#root?.isReadyOn(this.#layers, patience)) ? this.#root : undefined;
  }

  #push(step: FinishedStep, isNew: boolean): void {
    this.#tellBase();
    this.#steps.push(step);
    if (!step.layer) return;
    this.#layers = [...this.#layers, step.layer];
    this.#tools.imageLayer(step.layer, isNew);
  }

  /** The layers of the base are told of once nothing else is to be done at once, or layers follow. */
  #tellBase(): void {
    for (const layer of this.#untold.splice(0)) this.#tools.imageLayer(layer, false);
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
/** In which a little is written and laid on it afterwards. */
const worthALittle = 25;

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

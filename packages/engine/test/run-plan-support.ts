import type { FinishedStepLayer, HostCommand } from '../src/host/protocol.js';
import type { BuildEvent } from '../src/model/event.js';
import type { Layer } from '../src/model/layer.js';
import type { PlanInput } from '../src/plan/planner.js';
import { runPlan } from '../src/run/run-plan.js';
import type { FinishedStage } from '../src/run/stage-run.js';
import type { LayerInTheMaking, RunTools, StageRootHandle } from '../src/run/tools.js';
import { emptyTree } from '../src/tree/index.js';
import { handlerOf, layerNamed, planOf } from './planning-support.js';

interface Waiting {
  exit(code: number): void;
  fail(error: unknown): void;
}

/** Tools whose processes run until a test lets them end. A process is known by the last word of its command. */
export class HeldSteps {
  /** What happened, in order. */
  readonly diary: string[] = [];
  readonly events: BuildEvent[] = [];
  readonly saved: string[] = [];
  /** Layers that were said to be in the image. */
  readonly inImage: string[] = [];
  /** Layers of the stages that were copied from, by the paths that were asked for. */
  readonly copied = new Map<string, readonly string[]>();
  /** What steps copy that were made ready for it, by the paths that they ask for. */
  readonly prepared: string[] = [];
  readonly abort = new AbortController();
  readonly #waiting = new Map<string, Waiting>();
  /** Told of a process's start; may print. */
  onStart: (name: string, print: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void) => void = () => undefined;
  /** Whether roots can take the layer of a step that is not run in them. */
  rootIsReady = false;
  /** Steps that change no file. */
  readonly idle = new Set<string>();
  /** Steps whose layer is not finished before it is let go, as `layer of NAME`. */
  readonly late = new Set<string>();
  /** Asked before a step runs. */
  guard: (label: string) => void = () => undefined;
  /** Highest number of processes at a time. */
  most = 0;

  get running(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  exit(name: string, code = 0): void {
    this.#waitingFor(name).exit(code);
  }

  fail(name: string, error: unknown): void {
    this.#waitingFor(name).fail(error);
  }

  #waitingFor(name: string): Waiting {
    const waiting = this.#waiting.get(name);
    if (!waiting) throw new Error(`${name} does not run; ${this.running.join(', ')} do`);
    return waiting;
  }

  readonly tools: RunTools = {
    signal: this.abort.signal,
    emit: event => void this.events.push(event),
    elapsed: () => 0,
    now: () => new Date(0),
    handler: handlerOf,
    treeOf: () => Promise.resolve(emptyTree()),
    prepareTree: () => undefined,
    prepareSource: ({ patterns }) => void this.prepared.push(patterns.join()),
    openSource: async (source, layersOfStage) => {
      const { ref, patterns } = source;
      const layers = ref.kind === 'stage' ? await layersOfStage(ref.index) : [];
      this.copied.set(patterns.join(), namesOf(layers));
      return { tree: emptyTree(), keepsOwners: true, contents: () => Promise.resolve([]) };
    },
    mount: command => Promise.resolve({ command: command as unknown as HostCommand, release: () => Promise.resolve() }),
    download: () => Promise.reject(new Error('unused')),
    unpackArchive: () => Promise.resolve(null),
    writeLayer: changes => Promise.resolve(changes.length === 0 ? null : made('written')),
    layDown: (changes, _tree, root) => root.layDown(changes, [], 0),
    openRoot: label => this.#openRoot(label),
    current: stage => Promise.resolve(stage),
    review: stage => Promise.resolve(stage),
    adopt: step => {
      this.diary.push(`adopt ${step.step.label}`);
      const layer = step.cached?.layer;
      return Promise.resolve(layer ? { layer, compressor: 'gzip' } : null);
    },
    turn: () => Promise.resolve({ [Symbol.dispose]: () => undefined }),
    save: async (step, layer) => void this.saved.push(`${step.step.label}${layer ? '' : ' (nothing)'}`),
    oneByOne: false,
    beforeStep: async ({ label }) => this.guard(label),
    imageLayer: layer => void this.inImage.push(...namesOf([layer])),
    layerBuilt: (layer, { label }) => {
      this.diary.push(`built ${label} ${namesOf([layer])}`);
      return Promise.resolve();
    },
  };

  #openRoot(label: string): StageRootHandle {
    this.diary.push(`open ${label}`);
    let last = '';
    return {
      sync: layers => {
        this.diary.push(`sync ${label} [${namesOf(layers)}]`);
        return Promise.resolve();
      },
      run: (command, { onOutput: print }, signal) => {
        last = (command as unknown as { argv: readonly string[] }).argv.at(-1) as string;
        this.diary.push(`run ${last}`);
        this.onStart(last, print);
        return this.#hold(last, signal);
      },
      capture: () => {
        this.diary.push(`capture ${last}`);
        return this.#make(last, this.idle.has(last) ? null : made(last));
      },
      isReadyOn: () => Promise.resolve(this.rootIsReady),
      layDown: () => {
        this.diary.push(`lay ${label}`);
        return this.#make('laid', made('laid'));
      },
      [Symbol.asyncDispose]: () => {
        this.diary.push(`close ${label}`);
        return Promise.resolve();
      },
    };
  }

  #make(name: string, layer: FinishedStepLayer | null): LayerInTheMaking {
    const finished = this.late.has(name)
      ? this.#hold(`layer of ${name}`, this.abort.signal).then(() => layer)
      : Promise.resolve(layer);
    return { laid: Promise.resolve(), finished };
  }

  #hold(name: string, signal: AbortSignal): ReturnType<StageRootHandle['run']> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#waiting.delete(name);
        settle();
      };
      this.#waiting.set(name, {
        exit: code => end(() => resolve({ kind: 'exited', code })),
        fail: error => end(() => reject(error)),
      });
      this.most = Math.max(this.most, this.#waiting.size);
      if (signal.aborted) end(() => reject(signal.reason));
      signal.addEventListener('abort', () => {
        if (!this.#waiting.has(name)) return;
        this.diary.push(`killed ${name}`);
        end(() => reject(signal.reason));
      });
    });
  }
}

function made(name: string): { layer: Layer; compressor: string } {
  names.set(layerNamed(name).diffId, name);
  return { layer: layerNamed(name), compressor: 'gzip' };
}

/** Names of layers by their diffId, for diaries. */
const names = new Map<string, string>();
export function namesOf(layers: readonly Layer[]): readonly string[] {
  return layers.map(({ diffId }) => names.get(diffId) ?? 'base');
}

/** Lets everything run that is ready. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve));
}

export interface Running {
  readonly steps: HeldSteps;
  readonly result: Promise<FinishedStage>;
}

/** Starts the plan of a Dockerfile; every `RUN ["x"]` waits until it is let go. */
export async function start(
  text: string,
  more: { jobs?: number; steps?: HeldSteps; lookUp?: PlanInput['lookUp']; oneByOne?: boolean } = {},
): Promise<Running> {
  const { jobs = 2, steps = new HeldSteps(), lookUp, oneByOne = false } = more;
  const plan = await planOf(text, lookUp ? { lookUp } : {});
  const result = runPlan(plan, { ...steps.tools, oneByOne }, jobs);
  result.catch(() => undefined);
  await quiet();
  return { steps, result };
}

/** Lets processes end well, one after the other. */
export async function end(steps: HeldSteps, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    steps.exit(name);
    await quiet();
  }
}

import type { CacheHit, CacheKey } from '../model/key.js';
import type { Plan, PlannedStage, PlannedStep } from '../model/plan.js';
import { type ContentKey, contentKey, hasContentKey, sourceStages } from '../plan/content-key.js';
import type { CacheStack } from '../providers/cache-stack.js';
import type { LayersOfStage } from '../run/tools.js';
import type { Session } from './session.js';
import type { SourceService } from './source-service.js';

/** A plan, and how it is made anew with more that is known. */
export interface PlannedPlatform {
  readonly plan: Plan;
  again(known: ReadonlyMap<CacheKey, CacheHit | undefined>): Promise<Plan>;
}

export interface ContentKeysInput extends PlannedPlatform {
  readonly session: Session;
  readonly caches: CacheStack;
  readonly sources: SourceService;
  /** Remembers a hit under the key that the step has in this build. */
  save(step: PlannedStep, hit: CacheHit): Promise<void>;
}

/**
 * The second look-up: a COPY from a stage that was built anew is looked for by what it copies, once the stage is there. What is found also says
 * under which key the steps above it are remembered, so that hits go on from there.
 */
export class ContentKeys {
  readonly #input: ContentKeysInput;
  /** What the caches said, by key. */
  readonly #known: Map<CacheKey, CacheHit | undefined>;
  readonly #keys = new Map<CacheKey, ContentKey | undefined>();
  #found = 0;

  constructor(input: ContentKeysInput) {
    this.#input = input;
    const steps = input.plan.stages.flatMap(stage => stage.steps);
    this.#known = new Map(steps.flatMap(step => (step.key === undefined ? [] : [[step.key, hitOf(step)] as const])));
  }

  /** The content key of a step that {@link review} has looked at. */
  of(key: CacheKey): ContentKey | undefined {
    return this.#keys.get(key);
  }

  /** What is to be done in a stage by what is known so far, of the stages below it for instance. */
  async current(stage: PlannedStage): Promise<PlannedStage> {
    if (this.#found === 0) return stage;
    const { stages } = await this.#input.again(this.#known);
    return stages.find(({ stage: { index } }) => index === stage.stage.index) as PlannedStage;
  }

  /** What is to be done in a stage, now that the stages that it reads from are there. */
  async review(stage: PlannedStage, layersOfStage: LayersOfStage): Promise<PlannedStage> {
    if (this.#input.session.options.noCache) return stage;
    let current = stage;
    for (let seen = 0; ; ) {
      if (this.#found > seen) {
        seen = this.#found;
        current = await this.current(stage);
      }
      const open = current.steps.find(step => hasContentKey(step) && !this.#keys.has(step.key as CacheKey));
      if (!open) return current;
      await this.#look(open, layersOfStage);
    }
  }

  async #look(step: PlannedStep, layersOfStage: LayersOfStage): Promise<void> {
    const { caches, session } = this.#input;
    const key = step.key as CacheKey;
    const own = await this.#keyOf(step, layersOfStage);
    this.#keys.set(key, own);
    const [hit] = own ? await caches.findMany([own.key], session.signal) : [];
    if (hit?.step.filesKey === undefined) return;
    this.#known.set(key, hit);
    this.#found++;
    await this.#input.save(step, hit);
  }

  /** Undefined where the content cannot be had: the step itself then says why, with its line. */
  async #keyOf(step: PlannedStep, layersOfStage: LayersOfStage): Promise<ContentKey | undefined> {
    const { session, sources } = this.#input;
    const contents = new Map<number, string>();
    try {
      for (const { at, source } of sourceStages(step.inputs))
        contents.set(at, await sources.contentOfStage(source, layersOfStage));
      return contentKey(step, contents);
    } catch {
      session.signal.throwIfAborted();
      return undefined;
    }
  }
}

function hitOf({ cached, cachedBy }: PlannedStep): CacheHit | undefined {
  return cached && cachedBy !== undefined ? { step: cached, by: cachedBy } : undefined;
}

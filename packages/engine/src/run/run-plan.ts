import type { SourceRef } from '../model/graph.js';
import type { Layer } from '../model/layer.js';
import type { Plan, PlannedStage } from '../model/plan.js';
import { Turns } from '../model/turns.js';
import { type FinishedStage, StageRun, stagesReadBy } from './stage-run.js';
import type { RunTools } from './tools.js';

/**
 * Runs what a plan needs: stages side by side where they do not wait for each other, at most `jobs` at a time. Gives the target. The first
 * failure ends the others and is the result.
 */
export async function runPlan(plan: Plan, tools: RunTools, jobs: number): Promise<FinishedStage> {
  const abort = new AbortController();
  const signal = AbortSignal.any([tools.signal, abort.signal]);
  const slots = new Turns(jobs);
  const inImage = stagesOfImage(plan);
  const running = new Map<number, Promise<FinishedStage>>();
  const finished = (index: number): Promise<FinishedStage> => {
    const stage = running.get(index) ?? start(plan.stages.find(it => it.stage.index === index) as PlannedStage);
    running.set(index, stage);
    return stage;
  };
  const layersOf = async (index: number): Promise<readonly Layer[]> => (await finished(index)).layers;
  const orAbort = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      abort.abort(error);
      throw error;
    }
  };
  // What fails ends the others before the slot goes to a stage that waits for it, which then does not begin.
  const inSlot = <T>(work: () => Promise<T>): Promise<T> => slots.run(() => orAbort(work));
  const start = (planned: PlannedStage): Promise<FinishedStage> =>
    orAbort(async () => {
      const { base } = planned.stage;
      const below = base.kind === 'stage' ? await finished(base.index) : undefined;
      const known = await tools.current(planned);
      const imageLayer = inImage.has(planned.stage.index) ? tools.imageLayer : () => undefined;
      await using run = new StageRun(known, below, { ...tools, signal, imageLayer }, layersOf);
      if (run.early.length > 0) await inSlot(() => run.begin());
      // Waiting for other stages takes no slot, or two stages could wait for each other.
      for (const index of stagesReadBy(known)) await layersOf(index);
      const stage = await tools.review(known, layersOf);
      for (const index of stagesReadBy(stage)) await layersOf(index);
      return await inSlot(() => run.finish(stage));
    });
  for (const stage of plan.stages) {
    if (!stage.needed) continue;
    finished(stage.stage.index).catch(() => undefined);
  }
  const results = await allSettled(running);
  tools.signal.throwIfAborted();
  if (abort.signal.aborted) throw abort.signal.reason;
  const target = results
    .flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
    .find(stage => stage.stage.stage.index === plan.graph.target);
  return target as FinishedStage;
}

/** The target, and the stages below it: whose layers are those of the image. */
function stagesOfImage({ graph, stages }: Plan): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at: number | undefined = graph.target; at !== undefined; ) {
    found.add(at);
    const base: SourceRef | undefined = stages.find(({ stage }) => stage.index === at)?.stage.base;
    at = base?.kind === 'stage' ? base.index : undefined;
  }
  return found;
}

/** Waits for all stages, those too that are begun while others run. */
async function allSettled(
  running: ReadonlyMap<number, Promise<FinishedStage>>,
): Promise<readonly PromiseSettledResult<FinishedStage>[]> {
  for (;;) {
    const known = running.size;
    const results = await Promise.allSettled(running.values());
    if (running.size === known) return results;
  }
}

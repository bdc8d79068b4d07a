import type { HistoryEntry, ImageConfig } from '@varve/oci';
import type { PlannedStep } from '../model/plan.js';

/** What history needs to know of a finished step. */
export interface HistoryStep {
  readonly planned: PlannedStep;
  readonly layer: unknown;
  readonly created?: string;
}

/** What BuildKit's Dockerfile frontend writes, so that tools which read histories know these entries. */
const comment = 'buildkit.dockerfile.v0';

/**
 * The history of an image: that of its base, then an entry a step. Steps that touch no file have no time of their own: they get that of
 * the step before them (of the first one behind them at the start), so that the same build has the same history.
 */
export function historyOf(
  base: ImageConfig | undefined,
  steps: readonly HistoryStep[],
  epoch: string | undefined,
): readonly HistoryEntry[] {
  const own = steps.flatMap(({ planned, layer, created }): HistoryEntry[] => {
    const { createdBy } = planned.inputs;
    if (createdBy === undefined) return [];
    return [{ ...timeOf(epoch ?? created), created_by: createdBy, comment, ...(layer ? {} : { empty_layer: true }) }];
  });
  return fillTimes([...(base?.history ?? []), ...own]);
}

function timeOf(created: string | undefined): { created?: string } {
  return created === undefined ? {} : { created };
}

/** Entries without a time take that of the one before; those before the first own time, that first one. */
function fillTimes(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const firstMissing = history.findIndex(entry => entry.created === undefined);
  if (firstMissing === -1) return history;
  const next = history.slice(firstMissing).find(entry => entry.created !== undefined)?.created;
  let last = next ?? history[firstMissing - 1]?.created;
  return history.map((entry, index) => {
    if (entry.created !== undefined) {
      if (index > firstMissing) last = entry.created;
      return entry;
    }
    return last === undefined ? entry : { created: last, ...entry };
  });
}

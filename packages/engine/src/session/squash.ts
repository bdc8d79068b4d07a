import type { Change } from '../model/change.js';
import type { FinishedStage } from '../run/stage-run.js';
import type { RunTools } from '../run/tools.js';
import type { Trees } from '../sources/trees.js';
import { changesBetween } from '../tree/index.js';
import type { SourceService } from './source-service.js';

interface Around {
  readonly sources: SourceService;
  readonly trees: Trees;
}

/**
 * A finished stage whose own layers, and those of the stages that it is built from, are one: what was written and taken away again on the
 * way is in none. The layers of the image below stay as they are. The history tells of every step still; the last one that changed
 * files has the layer.
 */
export async function squash(finished: FinishedStage, tools: RunTools, around: Around): Promise<FinishedStage> {
  const { layers, steps } = finished;
  const own = steps.filter(({ layer }) => layer !== null).length;
  if (own < 2) return finished;
  const below = layers.slice(0, layers.length - own);
  const changes = await squashedChanges(finished, below.length, around);
  const made = await tools.writeLayer(changes, await around.trees.of(layers));
  const last = steps.findLastIndex(({ layer }) => layer !== null);
  return {
    ...finished,
    layers: made ? [...below, made.layer] : below,
    steps: steps.map((step, index) => ({ ...step, layer: index === last ? (made?.layer ?? null) : null })),
  };
}

/** What the layers from the one with the number `first` on do together. */
async function squashedChanges(
  { layers }: FinishedStage,
  first: number,
  { sources, trees }: Around,
): Promise<readonly Change[]> {
  const tocs = await trees.tocs(layers.slice(first));
  const written = tocs.flatMap(toc => [...toc.entries].flatMap(it => (it.kind === 'write' ? [it.path] : [])));
  const [earlier, later] = [await trees.of(layers.slice(0, first)), await trees.of(layers)];
  const changes = changesBetween(earlier, later, written);
  const paths = changes.flatMap(change =>
    change.kind === 'write' && change.entry.type === 'file' ? [change.path] : [],
  );
  const contents = await (await sources.ofLayers(layers)).contents(paths);
  const contentOf = new Map(paths.map((path, index) => [path, contents[index]]));
  return changes.map(change => {
    const content = change.kind === 'write' ? contentOf.get(change.path) : undefined;
    return content === undefined ? change : { ...change, content };
  });
}

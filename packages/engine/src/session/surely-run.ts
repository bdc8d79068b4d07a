import type { Dockerfile } from '@varve/dockerfile';
import type { BuildGraph } from '../model/graph.js';
import type { Layer } from '../model/layer.js';
import type { BuildOptions } from '../model/options.js';
import type { Store } from '../store/store.js';

/** Whether no step can turn out to be known: no cache is asked, or the only one is in a store that was just made. */
export function nothingIsKnown({ noCache, caches }: BuildOptions, { isNew }: Pick<Store, 'isNew'>): boolean {
  return noCache === true || (caches === undefined ? isNew : caches.length === 0);
}

/** Where nothing is known: whether a RUN of the target will be run whatever is found out about the rest. So much can be told before its base is looked up. */
export function targetRuns({ target = '' }: BuildOptions, { stages }: Dockerfile): boolean {
  const last = target === '' ? stages.at(-1) : stages.findLast(({ name }) => name === target.toLowerCase());
  return last?.instructions.some(({ keyword }) => keyword === 'RUN') ?? false;
}

/**
 * Where nothing is known: the layers of the image that the target stands on, if a RUN on them will be run whatever is found out about the rest. Of
 * other stages only the plan can tell whether they are needed.
 */
export function surelyUnpacked({ stages, target }: BuildGraph): readonly Layer[] {
  let runs = false;
  for (let index = target; ; ) {
    const stage = stages.find(it => it.index === index);
    runs ||= stage?.instructions.some(({ keyword }) => keyword === 'RUN') ?? false;
    if (stage?.base.kind !== 'stage') return (runs && stage?.image?.layers) || [];
    index = stage.base.index;
  }
}

/** Groups of nodes that reach each other, each sorted; a node that only reaches itself by an edge of its own counts too. */
export function cyclesOf(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const state: TarjanState = { edges, order: new Map(), low: new Map(), stack: [], found: [] };
  for (const node of edges.keys()) if (!state.order.has(node)) visit(state, node);
  return state.found;
}

interface TarjanState {
  readonly edges: ReadonlyMap<string, readonly string[]>;
  readonly order: Map<string, number>;
  readonly low: Map<string, number>;
  readonly stack: string[];
  readonly found: string[][];
}

/** Tarjan's strongly connected components. */
function visit(state: TarjanState, node: string): void {
  const number = state.order.size;
  state.order.set(node, number);
  state.low.set(node, number);
  state.stack.push(node);
  for (const next of state.edges.get(node) ?? []) {
    if (!state.order.has(next)) {
      visit(state, next);
      lower(state, node, state.low.get(next));
    } else if (state.stack.includes(next)) {
      lower(state, node, state.order.get(next));
    }
  }
  if (state.low.get(node) !== number) return;
  const group = state.stack.splice(state.stack.indexOf(node));
  if (group.length > 1 || state.edges.get(node)?.includes(node)) state.found.push(group.sort());
}

function lower(state: TarjanState, node: string, value = Number.POSITIVE_INFINITY): void {
  state.low.set(node, Math.min(state.low.get(node) ?? Number.POSITIVE_INFINITY, value));
}

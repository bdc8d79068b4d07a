import type { RootState } from './root-state.js';
import type { WalkTeam } from './walk-team.js';

/** Remembers the contents of files that steps wrote, before a next step can change them. */
export async function hashUnhashed(state: RootState, team: WalkTeam): Promise<void> {
  if (state.unhashed.size === 0) return;
  state.reserve();
  const { dir, table, evidence, hash, hashes, unhashed } = state;
  const nodes = new Int32Array(new SharedArrayBuffer(unhashed.size * 4));
  let [count, bytes] = [0, 0];
  for (const node of unhashed) {
    nodes[count++] = node;
    bytes += table.size(node);
  }
  await team.hash({
    dir,
    columns: table.columns,
    names: table.arena.bytes,
    evidence: evidence.view,
    hash,
    hashes: hashes.words,
    nodes,
    bytes,
    taken: new Int32Array(new SharedArrayBuffer(4)),
  });
  unhashed.clear();
}

import type { Change, ChangeSet } from '../model/change.js';

/** All changes of a set. */
export async function asList(changes: ChangeSet): Promise<readonly Change[]> {
  const list: Change[] = [];
  for await (const change of changes) list.push(change);
  return list;
}

import { VarveError } from '../model/error.js';
import type { TreePath } from '../model/path.js';

/** An empty, `.` or `..` component: what has to be looked at before a name is a tree path. */
const irregular = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * The tree path that a name in a tar means: leading `/` and `./`, doubled and trailing slashes dropped; absolute names are taken
 * as relative to the root. Errors: `E_LAYER_INVALID` for a name with `..` or a NUL byte.
 */
export function normalizeTarPath(name: string): TreePath {
  if (name.includes('\0')) throw invalid(name, 'holds a NUL byte');
  if (!irregular.test(name)) return name;
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..')) throw invalid(name, 'tries to leave the root with ".."');
  return parts.join('/');
}

function invalid(name: string, why: string): VarveError {
  const shown = JSON.stringify(name);
  return new VarveError('E_LAYER_INVALID', `the name ${shown} in a layer ${why}`, { data: { path: name } });
}

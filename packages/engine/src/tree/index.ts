/** Trees: the metadata of root file systems, in memory. */
export { changesBetween } from './changes-between.js';
export { Glimpse } from './glimpse.js';
export {
  applyChanges,
  applyToc,
  applyTocs,
  applyTocsInTurns,
  emptyTree,
  Tree,
  treeOfLayers,
  type UserFiles,
} from './tree.js';
export { decodeTree, encodeTree } from './tree-codec.js';

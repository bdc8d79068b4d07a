/** Trees: the metadata of root file systems, in memory. */
export { changesBetween } from './changes-between.js';
export { applyChanges, applyToc, emptyTree, Tree, treeOfLayers, type UserFiles } from './tree.js';
export { decodeTree, encodeTree } from './tree-codec.js';

/** Trees: the metadata of root file systems, in memory. */
export { applyChanges, applyToc, emptyTree, Tree, treeOfLayers, type UserFiles } from './tree.js';

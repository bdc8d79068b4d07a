import Build from './build.js';
import CacheLs from './cache-ls.js';
import CachePrune from './cache-prune.js';
import Diff from './diff.js';
import Doctor from './doctor.js';
import Plan from './plan.js';
import Version from './version.js';

/** Every command by its id; `:` stands for the blank between words. The classes are small: what they do is loaded when they run. */
export const commands = {
  build: Build,
  plan: Plan,
  doctor: Doctor,
  'cache:ls': CacheLs,
  'cache:prune': CachePrune,
  diff: Diff,
  version: Version,
};

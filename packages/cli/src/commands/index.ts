import BenchSnapshot from './bench-snapshot.js';
import Build from './build.js';
import CacheExplain from './cache-explain.js';
import CacheLs from './cache-ls.js';
import CacheMountsExport from './cache-mounts-export.js';
import CacheMountsImport from './cache-mounts-import.js';
import CacheMountsLs from './cache-mounts-ls.js';
import CacheMountsRm from './cache-mounts-rm.js';
import CachePrune from './cache-prune.js';
import Diff from './diff.js';
import Doctor from './doctor.js';
import Kaniko from './kaniko.js';
import KanikoWarmer from './kaniko-warmer.js';
import Login from './login.js';
import Logout from './logout.js';
import Plan from './plan.js';
import PluginCreate from './plugin-create.js';
import PluginList from './plugin-list.js';
import Pull from './pull.js';
import Push from './push.js';
import Version from './version.js';

/** Every command by its id; `:` stands for the blank between words. The classes are small: what they do is loaded when they run. */
export const commands = {
  build: Build,
  plan: Plan,
  push: Push,
  pull: Pull,
  login: Login,
  logout: Logout,
  doctor: Doctor,
  'cache:explain': CacheExplain,
  'cache:ls': CacheLs,
  'cache:mounts:ls': CacheMountsLs,
  'cache:mounts:export': CacheMountsExport,
  'cache:mounts:import': CacheMountsImport,
  'cache:mounts:rm': CacheMountsRm,
  'cache:prune': CachePrune,
  diff: Diff,
  'plugin:list': PluginList,
  'plugin:create': PluginCreate,
  'bench:snapshot': BenchSnapshot,
  kaniko: Kaniko,
  'kaniko:warmer': KanikoWarmer,
  version: Version,
};

// In the bundle, in the place of the package that finds LMDB's addon: that looks into every folder where one may lie, and asks which C library this is,
// which takes 4 ms of each build.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isOfGlibc } from '../packages/engine/dist/src/sys/is-of-glibc.js';

const require = createRequire(import.meta.url);
const { arch, env, execPath, platform, versions } = process;

/** `folder` gives LMDB's own. */
export default function load(folder) {
  const isUsual = !('LMDB_PREBUILD' in env) && isOfGlibc(execPath);
  for (const abi of isUsual ? [`abi${versions.modules}`, 'napi'] : [])
    try {
      return require(`@lmdb/lmdb-${platform}-${arch}/node.${abi}.glibc.node`);
    } catch {
      // There is none for this Node, or it lies elsewhere.
    }
  const dir = folder();
  return createRequire(join(dir, 'package.json'))('node-gyp-build-optional-packages')(dir);
}

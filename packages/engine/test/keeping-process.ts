/** Keeps images in a store: `keeping-process.js STORE NAME COUNT`. Run several at a time by the tests. */
import { openKeptImages } from '../src/store/kept.js';
import { openStore } from '../src/store/store.js';
import { builtSample } from './built-sample.js';

const [dir = '', name = '', count = ''] = process.argv.slice(2);
const kept = await openKeptImages(openStore(dir));
for (let n = 0; n < Number(count); n++) {
  const { images } = await builtSample({ layers: [{ file: `${name} ${n}` }] });
  await kept.keep(images, [`docker.io/library/${name}:${n}`]);
}

/** Saves steps: `saving-process.js STATEDIR FROM COUNT`. Run several at a time by the tests. */
import { LmdbCache } from '../src/lmdb-cache.js';
import { saveNumber } from './made-steps.js';

const [dir = '', from = '', count = ''] = process.argv.slice(2);
const cache = new LmdbCache(dir, (code, message) => {
  throw new Error(`${code} ${message}`);
});
for (let n = 0; n < Number(count); n++) await cache.save(saveNumber(Number(from) + n, `place ${n}`));
await cache.close();

/** Opens a scratch folder in the store given, says so, and waits to be killed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openScratch } from '../src/store/scratch.js';
import { openStore } from '../src/store/store.js';

const scratch = openScratch(openStore(process.argv[2] ?? ''));
writeFileSync(join(scratch.folder('root'), 'file'), 'x');
process.send?.({ dir: scratch.dir });
setInterval(() => undefined, 1000);

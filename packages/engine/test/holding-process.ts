/** Holds a cache mount for itself until it is killed: `holding-process.js STORE ID`. */
import { statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheMountName } from '../src/key/cache-mount.js';
import { holdCacheMount } from '../src/store/cache-mounts.js';
import { openStore } from '../src/store/store.js';

const [dir = '', id = ''] = process.argv.slice(2);
const { uid, gid } = statSync(dirname(dir));
const owner = { mode: 0o755, uid, gid };
const request = { id, name: cacheMountName(id, owner), sharing: 'locked', initial: { owner } } as const;
const held = await holdCacheMount(openStore(dir), request, new AbortController().signal);
writeFileSync(join(held.dir, 'by'), 'child');
process.stdout.write('held\n');
setInterval(() => undefined, 1000);

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { idMaps } from '../src/sys/id-map.js';
import { spawnInUserNamespace } from '../src/sys/user-namespace.js';

const maps = idMaps(process.env);
const skip = process.getuid?.() !== 0 ? 'needs root' : 'reason' in maps ? maps.reason : false;

// What the suites find here they find below a user namespace too, in processes whose root is nobody outside of it.
for (const file of ['executor-namespaces.test.js', 'executor-oci.test.js']) {
  test(`${file} below a user namespace`, { skip, timeout: 180_000 }, async () => {
    assert.ok(!('reason' in maps));
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const program = [process.execPath, '--test', fileURLToPath(new URL(`./${file}`, import.meta.url))];
    const command = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', ...program];
    const { child } = spawnInUserNamespace(maps, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, complaint, [code]] = await Promise.all([
      child.stdout ? text(child.stdout) : '',
      child.stderr ? text(child.stderr) : '',
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    assert.equal(code, 0, `${out}\n${complaint}`);
    assert.match(out, /^# pass [1-9]\d+$/m);
  });
}

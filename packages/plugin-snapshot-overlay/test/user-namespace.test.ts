import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const skip = process.geteuid?.() === 0 ? false : 'only root may map every id';
const suite = new URL('./in-user-namespace.js', import.meta.url).pathname;

/** Ids that the namespace has: all that Debian has, and those of the suite. */
const idMap = '0 0 4200000000';

/**
 * Runs a program in a user namespace of its own, where it is root and has ids as outside, and a mount namespace below it. Gives its exit code
 * and what it said.
 */
async function inUserNamespace(program: readonly string[]): Promise<{ readonly code: unknown; readonly said: string }> {
  // Whoever is there before ids are mapped gets its rights with the next program that it becomes.
  const wait = 'echo ready && read -r _ && exec unshare --mount --propagation private -- "$@"';
  // Random steps are tried outside as well.
  const { NODE_TEST_CONTEXT: _, VARVE_PROPERTY_RUNS = '100', ...others } = process.env;
  const child = spawn('unshare', ['--user', '--', 'sh', '-c', wait, 'sh', ...program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...others, VARVE_PROPERTY_RUNS },
  });
  const exit = once(child, 'exit');
  const [ready] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(ready.toString(), 'ready\n');
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${child.pid}/${map}`, idMap);
  child.stdin.end('go\n');
  const said = await text(child.stdout);
  const [code] = (await exit) as [number | null];
  return { code, said };
}

test('the suite passes in a user namespace too', { skip, timeout: 600_000 }, async () => {
  const { code, said } = await inUserNamespace([process.execPath, suite]);
  assert.equal(code, 0, said);
  assert.match(said, /^# fail 0$/m);
  assert.match(said, /^# pass [1-9]\d+$/m);
});

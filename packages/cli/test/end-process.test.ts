import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const url = new URL('../src/end-process.js', import.meta.url).href;

function ending(before: string) {
  const script = `import { endProcess } from ${JSON.stringify(url)}; ${before}; await endProcess();`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('a slow reader gets all that was written before the end, and nothing else is waited for', async () => {
  const size = 1 << 20;
  const child = ending(
    `process.stdout.write('x'.repeat(${size})); process.stderr.write('y'.repeat(${size})); process.exitCode = 3; setInterval(() => {}, 1000)`,
  );
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve));
  await sleep(300);
  const lengths = await Promise.all(
    [child.stdout, child.stderr].map(async stream => {
      let length = 0;
      for await (const chunk of stream) length += (chunk as Buffer).length;
      return length;
    }),
  );
  assert.deepEqual(lengths, [size, size]);
  assert.equal(await exited, 3);
});

test('a reader that has gone is not waited for', { timeout: 20_000 }, async () => {
  const child = ending("process.stdout.on('error', () => {}); process.stdout.write('x'.repeat(1 << 20))");
  child.stdout.destroy();
  assert.equal(await new Promise(resolve => child.once('exit', resolve)), 0);
});

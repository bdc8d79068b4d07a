import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { prepareMountpoints } from '../../executor/mountpoints.js';
import { type ExecutorCase, runScript } from './world.js';

/** What a step prints arrives, whole. */
export const outputCases: readonly ExecutorCase[] = [
  [
    'both streams arrive, apart from each other',
    async world => {
      const { stdout, stderr } = await runScript(world, 'echo out; echo err >&2; echo out2');
      assert.equal(stdout, 'out\nout2\n');
      assert.equal(stderr, 'err\n');
    },
  ],
  [
    'binary output arrives byte for byte',
    async world => {
      const { stdoutBytes } = await runScript(world, "printf '\\000\\001\\377\\200\\r\\n\\303'");
      assert.deepEqual([...stdoutBytes], [0, 1, 0xff, 0x80, 13, 10, 0xc3]);
    },
  ],
  [
    'ten megabytes arrive whole, with as much on the other stream',
    async world => {
      const script = 'seq 1 700000 >&2 & dd if=/dev/zero bs=65536 count=160 2>/dev/null; wait';
      const { stdoutBytes, stderr } = await runScript(world, script);
      assert.equal(stdoutBytes.length, 160 * 65536);
      const digest = createHash('sha256').update(stdoutBytes).digest('hex');
      const zeros = createHash('sha256')
        .update(Buffer.alloc(160 * 65536))
        .digest('hex');
      assert.equal(digest, zeros);
      assert.equal(stderr, Array.from({ length: 700_000 }, (_, index) => `${index + 1}\n`).join(''));
    },
  ],
  [
    'streams can be opened again by name, as any user',
    async world => {
      const user = { uid: 1000, gid: 1001, groups: [] };
      for (const who of [{}, { user }]) {
        const { stdout, stderr } = await runScript(world, 'echo a > /dev/stdout; echo b > /dev/stderr', who);
        assert.equal(stdout + stderr, 'a\nb\n');
      }
    },
  ],
  [
    'several steps run at once',
    async world => {
      const tokens = ['one', 'two', 'three', 'four'];
      // One root has one step at a time in a build; here they share the mount points.
      const mountpoints = prepareMountpoints(world.root, []);
      const ran = await Promise.all(tokens.map(token => runScript(world, `sleep 0.2; echo ${token}`)));
      mountpoints.remove();
      assert.deepEqual(
        ran.map(step => step.stdout.trim()),
        tokens,
      );
    },
  ],
];

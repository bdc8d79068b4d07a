import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepMount } from '../../model/process.js';
import { type ExecutorCase, runScript } from './world.js';

/** What a step sees besides its root, and what stays of it. */
export const mountCases: readonly ExecutorCase[] = [
  [
    'folders and files are bound, writable or not',
    async world => {
      const folder = join(world.outside, 'folder');
      mkdirSync(folder);
      writeFileSync(join(folder, 'in'), 'content\n');
      const mounts: readonly StepMount[] = [
        { kind: 'bind', source: folder, target: '/mnt/rw', readOnly: false },
        { kind: 'bind', source: folder, target: '/mnt/ro', readOnly: true },
        { kind: 'bind', source: join(folder, 'in'), target: '/etc/one', readOnly: true },
      ];
      const script =
        'cat /mnt/rw/in /mnt/ro/in /etc/one; echo new > /mnt/rw/new; echo no > /mnt/ro/no; echo no > /etc/one';
      const { stdout } = await runScript(world, script, { mounts });
      assert.equal(stdout, 'content\ncontent\ncontent\n');
      assert.deepEqual(readdirSync(folder).sort(), ['in', 'new']);
      assert.equal(readFileSync(join(folder, 'in'), 'utf8'), 'content\n');
    },
  ],
  [
    'tmpfs has the given size and mode, and goes with the step',
    async world => {
      const mounts: readonly StepMount[] = [{ kind: 'tmpfs', target: '/scratch', size: 1048576, mode: 0o750 }];
      const script = 'stat -c %a /scratch; df -k /scratch | grep -o "tmpfs *1024 "; echo x > /scratch/x; ls /scratch';
      assert.match((await runScript(world, script, { mounts })).stdout, /^750\ntmpfs +1024 \nx\n$/);
      assert.equal((await runScript(world, 'ls -d /scratch')).stdout, '');
    },
  ],
  [
    'a mount inside another one appears in it',
    async world => {
      const [outer, inner] = ['outer', 'inner'].map(name => join(world.outside, name)) as [string, string];
      for (const dir of [outer, inner]) mkdirSync(dir);
      writeFileSync(join(inner, 'file'), 'deep\n');
      const mounts: readonly StepMount[] = [
        { kind: 'bind', source: outer, target: '/a', readOnly: false },
        { kind: 'bind', source: inner, target: '/a/b/c', readOnly: true },
      ];
      assert.equal((await runScript(world, 'cat /a/b/c/file', { mounts })).stdout, 'deep\n');
    },
  ],
  [
    'a target is followed through links inside the root only',
    async world => {
      const folder = join(world.outside, 'linked');
      mkdirSync(folder);
      writeFileSync(join(folder, 'file'), 'seen\n');
      symlinkSync(world.outside, join(world.root, 'out'));
      const mounts: readonly StepMount[] = [{ kind: 'bind', source: folder, target: '/out/made', readOnly: true }];
      const { stdout } = await runScript(world, 'cat /out/made/file', { mounts });
      assert.equal(stdout, 'seen\n');
      assert.ok(!readdirSync(world.outside).includes('made'));
    },
  ],
  [
    'an overlay root is entered, and what is written lies in its upper folder',
    async world => {
      const [upper, work, lower] = ['upper', 'work', 'lower,with:signs'].map(name => join(world.outside, name)) as [
        string,
        string,
        string,
      ];
      for (const dir of [upper, work, lower, join(lower, 'extra'), ...mountpointFolders(lower)]) mkdirSync(dir);
      const root = { kind: 'overlay', lower: [lower, world.root], upper, work } as const;
      const { stdout } = await runScript(
        world,
        'ls -d /extra; echo x > /written; rm /etc/group; mknod /n c 1 5; head -c 1 /n',
        {
          root,
        },
      );
      assert.equal(stdout, '/extra\n');
      assert.equal(readFileSync(join(upper, 'written'), 'utf8'), 'x\n');
      assert.ok(readdirSync(join(upper, 'etc')).includes('group'));
      assert.ok(readdirSync(join(world.root, 'etc')).includes('group'));
    },
  ],
];

function mountpointFolders(root: string): readonly string[] {
  return ['proc', 'sys', 'dev'].map(name => join(root, name));
}

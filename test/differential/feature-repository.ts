import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../rig/git-server.js';
import type { Workbench } from '../rig/workbench.js';

/**
 * Makes the repository of the cases, `repo.git` below a folder: a `README`, a program `run.sh`, a link `to-readme`, and `sub/deep/leaf`.
 * Branches: `main` with one commit more than the tag `v1`, and `side`, which has a file `only-here`. Gives the commit of `v1`.
 */
export async function makeFeatureRepository(bench: Workbench, repositories: string): Promise<string> {
  const work = bench.path('git-work');
  for (const folder of [join(work, 'sub/deep'), repositories]) mkdirSync(folder, { recursive: true });
  const run = (words: string): Promise<string> => git(work, ...words.split(' '));
  const write = (name: string, text: string): void => writeFileSync(join(work, name), text);
  write('README', 'first\n');
  write('run.sh', '#!/bin/sh\n');
  chmodSync(join(work, 'run.sh'), 0o755);
  write('sub/deep/leaf', 'leaf\n');
  symlinkSync('README', join(work, 'to-readme'));
  for (const words of ['init -q', 'add .', 'commit -q -m one', 'tag v1', 'branch side']) await run(words);
  write('README', 'second\n');
  for (const words of ['commit -q -a -m two', 'checkout -q side']) await run(words);
  write('only-here', 'side\n');
  for (const words of ['add .', 'commit -q -m side', 'checkout -q main']) await run(words);
  await run(`clone -q --bare ${work} ${join(repositories, 'repo.git')}`);
  return (await run('rev-parse v1')).trim();
}

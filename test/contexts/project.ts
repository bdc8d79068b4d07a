import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GitServer, git, makeRepository, startGitServer } from '../rig/git-server.js';
import { must } from '../rig/run.js';
import type { Workbench } from '../rig/workbench.js';

/** Writes the files that every form of a context brings; what the ignore file names is never in the image. */
export function writeProject(folder: string): void {
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /app/\n');
  writeFileSync(join(folder, '.dockerignore'), 'secret.txt\n');
  writeFileSync(join(folder, 'secret.txt'), 'not for the image\n');
  writeFileSync(join(folder, 'deep/er/file'), 'deep\n');
  writeFileSync(join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
}

/** Packs the project by GNU tar; `flag` is that of the compression. */
export async function packProject(folder: string, archive: string, flag?: string): Promise<void> {
  await must('tar', ['--create', `--file=${archive}`, `--directory=${folder}`, ...(flag ? [flag] : []), '.']);
}

/**
 * Makes repositories below a folder: `app.git` has the project in its root (tag v1), then in `sub` (main) besides a submodule `mod` that comes
 * from `inner.git` beside it. Gives the commits of `app`.
 */
export async function makeProjectRepositories(bench: Workbench, repositories: string): Promise<readonly string[]> {
  mkdirSync(repositories, { recursive: true });
  await makeRepository(repositories, 'inner', [folder => writeFileSync(join(folder, 'inner.txt'), 'inner\n')]);
  const server: GitServer = await startGitServer(bench, repositories);
  return makeRepository(repositories, 'app', [
    folder => writeProject(folder),
    async folder => {
      writeProject(join(folder, 'sub'));
      await git(folder, 'submodule', '--quiet', 'add', `${server.url}/inner.git`, 'mod');
    },
  ]);
}

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Docker } from './dockerd.js';
import { inRepository } from './repository.js';
import { must } from './run.js';
import type { Workbench } from './workbench.js';

/** What a container has that is marked as being there for builds alone: Node and the programs of the executor image, and no more. */
export async function markedImage(bench: Workbench, docker: Docker): Promise<string> {
  const runtime = bench.path('runtime');
  await must(process.execPath, [inRepository('deploy/executor/runtime.mjs'), runtime], { timeout: 600_000 });
  const files = join(runtime, 'files');
  writeFileSync(join(files, 'kaniko/.varve-executor'), '');
  // Its own shell, for what containers are asked to do besides.
  cpSync(join(runtime, 'debug'), files, { recursive: true });
  await must('tar', ['-C', files, '-cf', bench.path('runtime.tar'), '.']);
  await docker.must(['import', bench.path('runtime.tar'), 'varve-test/marked']);
  return 'varve-test/marked';
}

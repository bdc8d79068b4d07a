import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pushBases } from '../rig/bases.js';
import { startRegistry } from '../rig/registry.js';
import type { RunOptions } from '../rig/run.js';
import { type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

/** What the secret of the builds says; nothing of it may be left on disk. */
export const secretText = 'hush-hush-2718281828';

/** A store, a context and a Dockerfile of several stages whose image is the same bytes each time. */
export interface BuildSite extends AsyncDisposable {
  readonly bench: Workbench;
  readonly varve: Varve;
  /** The registry that has the base. */
  readonly registry: string;
  /** Builds with times clamped; the output is an OCI layout in the archive `out`, where one is named. */
  build(args?: readonly string[], options?: RunOptions): Promise<VarveOutcome>;
  close(): Promise<void>;
}

/** Two stages that may run side by side, a bind of one in the other, a secret, a cache mount, copies, deletions. */
const dockerfile = (registry: string): string => `FROM ${registry}/busybox AS tools
WORKDIR /tools
RUN echo tool > tool && seq 1 20000 > numbers
RUN --mount=type=cache,target=/cache echo used >> /cache/log && sleep 0.2

FROM ${registry}/busybox AS app
COPY files/ /srv/
RUN --mount=type=secret,id=token --mount=type=bind,from=tools,target=/t sh -c 'cat /run/secrets/token | wc -c > /size; cat /t/tools/numbers | tail -n 5 > /last'
RUN rm /srv/file-1 && chmod 700 /srv/file-2 && sleep 0.2

FROM app
COPY --from=tools /tools /opt/tools
RUN ls -R /opt /srv > /list
CMD ["cat", "/list"]
`;

export async function openBuildSite(name: string): Promise<BuildSite> {
  const bench = openWorkbench(name);
  const registry = await startRegistry(bench);
  await pushBases(registry, ['busybox']);
  mkdirSync(bench.path('context', 'files'), { recursive: true });
  for (let index = 0; index < 50; index += 1)
    writeFileSync(bench.path('context', 'files', `file-${index}`), `content of file ${index}\n`.repeat(index * 20));
  writeFileSync(bench.path('context', 'Dockerfile'), dockerfile(registry.host));
  writeFileSync(bench.path('token'), secretText);
  const varve = varveWith(bench.path('store'));
  return {
    bench,
    varve,
    registry: registry.host,
    build: (args = [], options = {}) =>
      varve(['build', bench.path('context'), '--secret', `id=token,src=${bench.path('token')}`, ...args], {
        timeout: 300_000,
        ...options,
        env: { SOURCE_DATE_EPOCH: '1700000000', ...options.env },
      }),
    close: () => bench.close(),
    [Symbol.asyncDispose]: () => bench.close(),
  };
}

/** The blobs of a store whose content is not what their name says, by digest. */
export function wrongBlobs(store: string): readonly string[] {
  return blobsOf(store).filter(
    hex =>
      createHash('sha256')
        .update(readFileSync(blobPath(store, hex)))
        .digest('hex') !== hex,
  );
}

export function blobsOf(store: string): readonly string[] {
  return readdirSync(join(store, 'blobs/sha256'));
}

export function blobPath(store: string, hex: string): string {
  return join(store, 'blobs/sha256', hex);
}

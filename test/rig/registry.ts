import { mkdirSync, writeFileSync } from 'node:fs';
import { must } from './run.js';
import { freePort, type Service, startService } from './service.js';
import type { Workbench } from './workbench.js';

/** Debian's docker-registry on a loopback port, plain HTTP. */
export interface Registry extends Service {
  /** `localhost:PORT`, the name that goes into references. */
  readonly host: string;
  readonly url: string;
  readonly folder: string;
}

/** Starts a registry whose blobs live in the workbench (or in `folder`, e.g. on tmpfs). */
export async function startRegistry(bench: Workbench, folder = bench.path('registry')): Promise<Registry> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = bench.path(`registry-${port}.yml`);
  writeFileSync(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}`, secret: 'of no importance here' },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const service = await startService(bench, {
    name: `registry-${port}`,
    program: 'docker-registry',
    args: ['serve', config],
    ready: async () => (await fetch(`${url}/v2/`)).ok,
  });
  return { ...service, host: `localhost:${port}`, url, folder };
}

/** Copies an image with skopeo, between any of its transports; registries are spoken to in plain HTTP. */
export async function copyImage(from: string, to: string): Promise<void> {
  const plain = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  await must('skopeo', ['--insecure-policy', 'copy', '--quiet', ...plain, from, to]);
}

import { existsSync, mkdirSync } from 'node:fs';
import { must, type Outcome, type RunOptions, run } from './run.js';
import { type Service, startService } from './service.js';
import type { Workbench } from './workbench.js';

/** A Docker daemon of its own, apart from any that the machine runs. */
export interface Docker extends Service {
  /** Runs Debian's docker client against this daemon, with BuildKit on. */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** The same, for a call that has to succeed; gives its standard output. */
  must(args: readonly string[], options?: RunOptions): Promise<string>;
}

/**
 * Starts dockerd with data, state, pid file and socket in the workbench (data in `dataRoot` if given). Without a bridge,
 * containers get `--network host|none`; a `docker0` of another daemon would be deleted by `--bridge none`, so where
 * one exists it is merely named.
 */
export async function startDockerd(bench: Workbench, dataRoot = bench.path('docker-data')): Promise<Docker> {
  const socket = bench.path('docker.sock');
  mkdirSync(bench.path('docker-config'), { recursive: true });
  const env = {
    ...process.env,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: bench.path('docker-config'),
    DOCKER_BUILDKIT: '1',
  };
  const call = (args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
    run('/usr/bin/docker', args, { ...options, env: { ...env, ...options.env } });
  const service = await startService(bench, {
    name: 'dockerd',
    program: 'dockerd',
    args: [
      ...['--data-root', dataRoot, '--exec-root', bench.path('docker-exec')],
      ...['--pidfile', bench.path('docker.pid'), '--host', `unix://${socket}`],
      ...['--storage-driver', 'overlay2', '--iptables=false', '--ip6tables=false', '--ip-masq=false'],
      ...['--bridge', existsSync('/sys/class/net/docker0') ? 'docker0' : 'none'],
    ],
    ready: async () => existsSync(socket) && (await call(['info'], { timeout: 10_000 })).code === 0,
  });
  return {
    ...service,
    run: call,
    must: (args, options = {}) => must('/usr/bin/docker', args, { ...options, env: { ...env, ...options.env } }),
  };
}

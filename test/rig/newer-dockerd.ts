import { existsSync, mkdirSync } from 'node:fs';
import { dockerRoot } from './docker-root.js';
import type { Docker } from './dockerd.js';
import { forwardPorts } from './forward.js';
import { must, type Outcome, type RunOptions, run } from './run.js';
import { startService } from './service.js';
import type { Workbench } from './workbench.js';

/**
 * Lays a writable tmpfs over the kept root, shows the workbench inside it under its own name, and becomes dockerd there. All of
 * it is in namespaces of the daemon's own and ends with it. Images are containerd's: Docker's own store cannot merge layers, and turns
 * `COPY --link` into an ordinary copy.
 */
const enter = `
kept=$1; state=$2; bench=$3; shift 3
mount -t tmpfs tmpfs "$state"
mkdir "$state/upper" "$state/work" "$state/root"
mount -t overlay overlay -o "lowerdir=$kept,upperdir=$state/upper,workdir=$state/work" "$state/root"
cd "$state/root"
mkdir -p ".$bench"
mount --bind "$bench" ".$bench"
for folder in proc sys dev; do mount --rbind "/$folder" "$folder"; done
mkdir -p etc/docker
echo '{ "features": { "containerd-snapshotter": true } }' > etc/docker/daemon.json
chroot . /usr/sbin/ip link set lo up
exec chroot . /usr/sbin/dockerd "$@"
`;

/**
 * Starts Docker 26.1 (BuildKit 0.12) out of a Debian root of its own, with data in the workbench. Its network namespace is its own too:
 * of this machine it reaches the loopback ports `reach`, under the same numbers, and nothing else; containers get
 * `--network host|none`. Paths that its client is given have to be absolute, and in the workbench.
 */
export async function startNewerDockerd(bench: Workbench, reach: readonly number[]): Promise<Docker> {
  const kept = await dockerRoot();
  const state = bench.path('newer');
  const socket = bench.path('newer.sock');
  for (const folder of [state, bench.path('newer-config')]) mkdirSync(folder, { recursive: true });
  const env = {
    ...process.env,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: bench.path('newer-config'),
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
  };
  let inside: readonly string[] = [];
  const words = (args: readonly string[]): string[] => [...inside, '/usr/bin/docker', ...args];
  const call = (args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
    run('nsenter', words(args), { ...options, env: { ...env, ...options.env } });
  const service = await startService(bench, {
    name: 'newer-dockerd',
    program: 'unshare',
    args: [
      ...['--mount', '--propagation', 'private', '--net', '--', 'sh', '-euc', enter, 'sh', kept, state, bench.folder],
      ...['--data-root', bench.path('newer-data'), '--exec-root', '/run/docker', '--pidfile', '/run/docker.pid'],
      ...['--host', `unix://${socket}`, '--bridge', 'none'],
      ...['--iptables=false', '--ip6tables=false', '--ip-masq=false'],
    ],
    ready: async ({ pid }) => {
      inside = ['--target', String(pid), '--mount', '--net', '--root', '--wd', '--'];
      return existsSync(socket) && (await call(['info'], { timeout: 10_000 })).code === 0;
    },
  });
  if (reach.length > 0) await forwardPorts(bench, service.pid, reach);
  return {
    ...service,
    run: call,
    must: (args, options = {}) => must('nsenter', words(args), { ...options, env: { ...env, ...options.env } }),
  };
}

/**
 * `docker buildx build ARGS` with such a daemon. It loses a snapshot now and then when it merges the layers of `COPY --link`, and finds it
 * when it is asked again.
 */
export async function newerBuild(docker: Docker, args: readonly string[], options: RunOptions): Promise<Outcome> {
  const build = (): Promise<Outcome> => docker.run(['buildx', 'build', '--progress', 'plain', ...args], options);
  let outcome = await build();
  for (let again = 0; again < 5 && /failed to finalize parent/.test(outcome.stderr); again++) outcome = await build();
  return outcome;
}

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Outcome } from '../rig/run.js';
import { transcript } from '../rig/varve.js';
import { type ImageCase, type ImageWorld, privileged, withoutSeccomp } from './image-world.js';

/** Two builds in one container, one after the other. */
export const secondBuilds: readonly ImageCase[] = (
  [
    ['a privileged container', privileged],
    ['a container without seccomp', withoutSeccomp],
  ] as const
).map(([where, flags]) => [
  `in ${where} a second build leaves the files as they were, and knows nothing of the first`,
  world => buildTwice(world, flags),
]);

async function buildTwice(
  { bench, registry, dockerConfig, container }: ImageWorld,
  flags: readonly string[],
): Promise<void> {
  const [first, second] = ['first', 'second'].map(name => `${registry.host}/twice/${name}`);
  const contexts = writeContexts(bench.path('twice'), registry.host);
  const mounts = ['-v', `${contexts}:/twice:ro`, '-v', `${dockerConfig}:/kaniko/.docker:ro`];
  const shell = (script: string): Promise<Outcome> =>
    container(
      ['--entrypoint', '/busybox/sh', ...flags, ...mounts],
      ['varve/executor:debug', '-ec', `${list}\n${script}`],
    );
  const call = (name: string, image: string | undefined) =>
    `/kaniko/executor --context=dir:///twice/${name} --destination=${image} --reproducible`;
  const alone = await shell(call('second', second));
  assert.equal(alone.code, 0, transcript(alone));
  const script = [
    'list > /dev/shm/before',
    `${call('first', first)} > /dev/null`,
    `${call('second', second)}`,
    'list > /dev/shm/after',
    'cmp /dev/shm/before /dev/shm/after',
  ];
  const both = await shell(script.join('\n'));
  assert.equal(both.code, 0, transcript(both));
  assert.match(both.stderr, /only-of-the-first/);
  assert.equal(both.stdout, alone.stdout, transcript(both));
}

/** Every file of the container but those of the kernel and the store, with what stat says of it. */
const list = `list() {
  find / \\( -path /proc -o -path /sys -o -path /dev -o -path /kaniko/store \\) -prune -o -print | sort | xargs stat -c '%n %a %u %g %s %Y'
}`;

/** Two contexts: the first leaves what it can, the second's image tells all that there was. */
function writeContexts(folder: string, host: string): string {
  const dockerfiles = {
    first: `FROM ${host}/busybox AS one\nRUN echo only-of-the-first | tee /left > /tmp/left; mkdir -p /var/left /dev/shm/left; cat /left
FROM ${host}/busybox\nCOPY --from=one /left /left\nRUN --mount=type=tmpfs,target=/scratch touch /scratch/left /etc/left\n`,
    second: `FROM ${host}/busybox\nRUN seen=$(find / -xdev | sort); echo $seen > /seen; ls -a /tmp /dev /dev/shm /var /etc >> /seen; env | sort >> /seen\n`,
  };
  for (const [name, text] of Object.entries(dockerfiles)) {
    mkdirSync(`${folder}/${name}`, { recursive: true });
    writeFileSync(`${folder}/${name}/Dockerfile`, text);
  }
  return folder;
}

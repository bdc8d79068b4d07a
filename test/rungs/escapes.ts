import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, run } from '../rig/run.js';
import { transcript, type VarveOutcome } from '../rig/varve.js';
import type { RungCase, RungWorld } from './on-every-rung.js';
import { openFolder, type Rung } from './rungs.js';

/** Steps that try to get out, or at what is not theirs; each on every rung. */
export const escapes: readonly RungCase[] = [
  ['a step that looks for secrets finds none', world => each(apart(world), snoop)],
  [
    'mounts and their removal stay in the root, and no library of the image is loaded',
    world => each(apart(world), confuse),
  ],
  [
    'the program that became the step cannot be written to (CVE-2019-5736)',
    world => each(apart(world), becomeLauncher),
  ],
  [
    'the container runtime that started the step cannot be written to either',
    world => each({ ...world, others: [] }, becomeRuntime),
  ],
  ['a working directory in /proc leads nowhere (CVE-2024-21626)', world => each(world, lookThroughDescriptors)],
  ['nobody gets more than was allowed (CVE-2024-23653)', world => each(world, askForMore)],
];

/** Without the rungs on which steps share the builder's root: in-place.test.ts has what holds there. */
function apart(world: RungWorld): RungWorld {
  return { ...world, others: world.others.filter(({ shared }) => shared !== true) };
}

type Attack = (rung: Rung, world: RungWorld, folder: string) => Promise<void>;

async function each(world: RungWorld, attack: Attack): Promise<void> {
  for (const [index, rung] of [world.root, ...world.others.slice(0, -1)].entries())
    await attack(rung, world, openFolder(world.bench, `${attack.name}-${index}`));
}

async function build(rung: Rung, folder: string, dockerfile: string, more: BuildMore = {}): Promise<VarveOutcome> {
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  const flags = ['--progress', 'plain', '--no-cache', ...(more.flags ?? [])];
  return rung.varve(['build', folder, ...flags], { env: more.env ?? {} });
}

interface BuildMore {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Prints all that it can get hold of. `geheim-` is what every secret begins with. */
const snooper = `
env
for p in /proc/[0-9]*; do
  cat $p/environ $p/mem $p/maps; ls -l $p/fd $p/root/ $p/cwd/; cat $p/root/etc/hostname; done 2>/dev/null < /dev/null | tr '\\0' '\\n'
for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || while read range rights rest; do
  case $rights in r*) from=$((0x\${range%-*} / 4096)); to=$((0x\${range#*-} / 4096))
    dd if=$p/mem bs=4096 skip=$from count=$((to - from)) | grep -a -o 'geheim-[a-z]*';; esac; done < $p/maps; done 2>/dev/null
for d in /*; do case $d in /proc|/sys|/dev|/bin|/snoop) ;; *) grep -rs geheim- $d;; esac; done
for f in /proc/[0-9]*/root/other-secret; do cat $f; done 2>/dev/null
n=2; while [ $n -lt 400 ]; do [ $n = $$ ] || kill -9 $n 2>/dev/null && echo killed $n; n=$((n+1)); done
echo looked everywhere`;

async function snoop(rung: Rung, { builders }: RungWorld, folder: string): Promise<void> {
  const base = `${builders.registry.host}/busybox`;
  const auth = Buffer.from('somebody:geheim-password').toString('base64');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { 'registry.test': { auth } } }));
  writeFileSync(join(folder, 'secret'), 'geheim-secret');
  writeFileSync(join(folder, '.dockerignore'), '*\n!snoop\n');
  writeFileSync(join(folder, 'snoop'), snooper);
  const dockerfile = `
FROM ${base} AS other
RUN printf 'geheim-%s' stage > /other-secret && sleep 2
FROM ${base}
COPY snoop /snoop
RUN sh /snoop
COPY --from=other /other-secret /later
`;
  const outcome = await build(rung, folder, dockerfile, {
    flags: ['--secret', `id=s,src=${join(folder, 'secret')}`],
    env: { VARVE_TOKEN: 'geheim-variable', DOCKER_CONFIG: folder },
  });
  assert.equal(outcome.code, 0, transcript(outcome));
  assert.match(outcome.stderr, /looked everywhere/, transcript(outcome));
  // A step sees its own environment: what it prints gets here.
  assert.match(outcome.stderr, /PATH=/);
  for (const secret of ['geheim-variable', 'geheim-secret', 'geheim-password', 'geheim-stage', auth])
    assert.ok(!outcome.stderr.includes(secret), `${secret} was found on rung ${rung.name}:\n${transcript(outcome)}`);
}

/** Writes a file where this machine's other programs could, should one of them load the library. */
const library = (marker: string): string => `
#include <fcntl.h>
__attribute__((constructor)) static void loaded(void) { open("${marker}", O_CREAT | O_WRONLY, 0666); }`;

/**
 * CVE-2019-14271: a builder that looks up names loads name services of the image. CVE-2024-23651: the source of a mount leads out by a link.
 * CVE-2024-23652: a mount point that is taken away after the step is not where it was.
 */
async function confuse(rung: Rung, { builders, bench }: RungWorld, folder: string): Promise<void> {
  const outside = join(folder, 'outside');
  const marker = join(outside, 'loaded');
  mkdirSync(join(outside, 'victim'), { recursive: true });
  writeFileSync(join(outside, 'who'), 'the machine');
  writeFileSync(join(folder, '.dockerignore'), '*\n!evil.so\n');
  const source = bench.path('evil.c');
  writeFileSync(source, library(marker));
  await must('gcc', ['-shared', '-fPIC', '-o', join(folder, 'evil.so'), source]);
  const base = `${builders.registry.host}/busybox`;
  const outcome = await build(
    rung,
    folder,
    `
FROM ${base} AS made
RUN mkdir -p /m ${outside} && echo the stage > ${outside}/who && ln -s ${outside} /m/link
FROM ${base}
COPY evil.so /lib/x86_64-linux-gnu/libnss_evil.so.2
RUN echo 'passwd: evil files' > /etc/nsswitch.conf && echo /lib/x86_64-linux-gnu/libnss_evil.so.2 > /etc/ld.so.preload
RUN echo 'late:x:4242:4343::/:/bin/sh' >> /etc/passwd && ln -s ${outside} /out
COPY --chown=late evil.so /owned
USER late
RUN id -u
USER root
RUN --mount=from=made,source=/m/link,target=/seen cat /seen/who
RUN --mount=type=tmpfs,target=/out/new/one touch /out/new/one/x
RUN --mount=type=tmpfs,target=/a/victim mv /a /b; ln -s ${outside} /a; ls -l / | grep -c outside
`,
  );
  assert.equal(outcome.code, 0, transcript(outcome));
  assert.match(outcome.stderr, /the stage/, transcript(outcome));
  assert.doesNotMatch(outcome.stderr, /the machine/);
  assert.ok(existsSync(join(outside, 'victim')), 'a folder of the machine was taken away');
  assert.ok(!existsSync(join(outside, 'new')), 'a folder of the machine was made');
  assert.ok(!existsSync(marker), 'a library of the image was loaded');
}

/** As its first act the step becomes the launcher's program once more, with libraries of the image. */
async function becomeLauncher(rung: Rung, { builders }: RungWorld, folder: string): Promise<void> {
  const libraries = (await run('ldd', [process.execPath])).stdout.match(/\/\S+\.so\S*/g) ?? [];
  mkdirSync(join(folder, 'lib'));
  for (const library of libraries) cpSync(library, join(folder, 'lib', library), { dereference: true });
  const script =
    "try { fs.accessSync('/proc/self/exe', fs.constants.W_OK); } catch (e) { console.log('it is', e.code); }";
  const outcome = await build(
    rung,
    folder,
    `FROM ${builders.registry.host}/busybox\nCOPY lib /\nRUN ["/proc/self/exe", "-e", ${JSON.stringify(script)}]\n`,
    { flags: ['--executor', 'namespaces'] },
  );
  assert.equal(outcome.code, 0, transcript(outcome));
  // EACCES where Node belongs to somebody else, which is as good.
  assert.match(outcome.stderr, /it is (EROFS|EACCES)/, transcript(outcome));
}

/** The same with the program that container runtimes are: a library of the image is loaded before it begins. */
async function becomeRuntime(rung: Rung, { bench, builders }: RungWorld, folder: string): Promise<void> {
  const runtime = (await must('sh', ['-c', 'command -v crun || command -v runc'])).trim();
  const libraries = (await run('ldd', [runtime])).stdout.match(/\/\S+\.so\S*/g) ?? [];
  mkdirSync(join(folder, 'lib'));
  for (const library of libraries) cpSync(library, join(folder, 'lib', library), { dereference: true });
  const source = bench.path('runtime.c');
  writeFileSync(source, writesToItself);
  await must('gcc', ['-shared', '-fPIC', '-o', join(folder, 'look.so'), source]);
  const base = `${builders.registry.host}/busybox`;
  const dockerfile = `FROM ${base}\nCOPY lib /\nCOPY look.so /\nENV LD_PRELOAD=/look.so\nRUN ["/proc/self/exe", "--version"]\n`;
  const outcome = await build(rung, folder, dockerfile, { flags: ['--executor', 'oci'] });
  assert.equal(outcome.code, 0, transcript(outcome));
  assert.match(outcome.stderr, /it is (EROFS|EACCES)/, transcript(outcome));
}

const writesToItself = `#include <errno.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void look(void) {
  int refused = access("/proc/self/exe", W_OK) != 0;
  puts(!refused ? "it can be" : errno == EROFS ? "it is EROFS" : errno == EACCES ? "it is EACCES" : "it is another error");
  fflush(stdout);
  _exit(0);
}
`;

async function lookThroughDescriptors(rung: Rung, { builders }: RungWorld, folder: string): Promise<void> {
  const base = `${builders.registry.host}/busybox`;
  const dockerfile = `FROM ${base}\nRUN ln -s /proc/self/fd/9 /way\nWORKDIR /way\nRUN ls ../../../../../..\n`;
  const outcome = await build(rung, folder, dockerfile);
  assert.equal(outcome.code, 1, transcript(outcome));
  assert.match(outcome.stderr, /lies in \/proc|\/way/, transcript(outcome));
}

async function askForMore(rung: Rung, { builders }: RungWorld, folder: string): Promise<void> {
  const outcome = await build(
    rung,
    folder,
    `FROM ${builders.registry.host}/busybox\nRUN --security=insecure cat /proc/self/status\n`,
  );
  assert.equal(outcome.code, 1, transcript(outcome));
  assert.match(outcome.stderr, /E_NOT_ALLOWED/, transcript(outcome));
}

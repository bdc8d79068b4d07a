import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pushBases } from '../rig/bases.js';
import { type Docker, startDockerd } from '../rig/dockerd.js';
import { markedImage } from '../rig/marked-image.js';
import { need } from '../rig/need.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { inRepository } from '../rig/repository.js';
import { must, type Outcome } from '../rig/run.js';
import { transcript } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need(
  'linux',
  'root',
  'docker',
  'registry',
  'skopeo',
  'umoci',
  'busybox',
  'git',
  'patchelf',
  'ssh',
  'zstd',
  'gcc',
);
const timeout = 300_000;
const program = ['/kaniko/bin/node', '/varve/packages/cli/bin/varve.js'];

describe("steps in the container's own /", { skip }, () => {
  let bench: Workbench;
  let docker: Docker;
  let registry: Registry;
  let image: string;
  let containers = 0;

  before(async () => {
    bench = openWorkbench('in-place');
    registry = await startRegistry(bench);
    await pushBases(registry, ['busybox']);
    docker = await startDockerd(bench);
    image = await markedImage(bench, docker);
  });
  after(() => bench?.close());

  /** A container that only waits; its files are its own but for `flags`. Gives what runs a program in it. */
  async function start(flags: readonly string[] = []): Promise<Container> {
    const name = `c${containers++}`;
    const volume = ['--volume', `${inRepository('.')}:/varve:ro`, '--env', 'NO_COLOR=1'];
    const wait = ['--entrypoint', '/kaniko/bin/busybox', image, 'sleep', '100000'];
    await docker.must(['run', '--detach', '--name', name, '--network', 'host', ...volume, ...flags, ...wait]);
    return {
      name,
      run: (words, more = []) => docker.run(['exec', ...more, name, ...words], { timeout }),
      shell: async script => {
        const outcome = await docker.run(
          ['exec', name, '/kaniko/bin/busybox', 'sh', '-c', `PATH=/kaniko/bin:/busybox\n${script}`],
          { timeout },
        );
        assert.equal(outcome.code, 0, transcript(outcome));
        return outcome.stdout;
      },
      async build(dockerfile, words = [], more = []) {
        const folder = bench.path(`context-${containers++}`);
        mkdirSync(folder);
        writeFileSync(join(folder, 'Dockerfile'), dockerfile.replaceAll('BASE', `${registry.host}/busybox`));
        await docker.must(['cp', `${folder}/.`, `${name}:/workspace/context`]);
        const flags = ['--store', '/kaniko/store', '--progress', 'plain', '--no-cache', ...words];
        return docker.run(['exec', ...more, name, ...program, 'build', '/workspace/context', ...flags], { timeout });
      },
      async remove() {
        await docker.must(['rm', '--force', name]);
      },
    };
  }

  const built = (outcome: Outcome): Outcome => {
    assert.equal(outcome.code, 0, transcript(outcome));
    return outcome;
  };

  test('are chosen by themselves in the executor image, and doctor says what they can reach', { timeout }, async () => {
    const container = await start();
    const said = await container.run([...program, 'doctor']);
    assert.equal(said.code, 0, transcript(said));
    assert.match(said.stdout, /-> 4 {2}in the container's own \/\n.*note: .*they can reach its volumes, the store/s);
    assert.match(said.stdout, /snapshotter full with executor inplace/);
    await container.remove();
  });

  test('are refused elsewhere unless they are named and allowed', { timeout }, async () => {
    const container = await start();
    await container.shell('rm /kaniko/.varve-executor');
    const unnamed = await container.build('FROM BASE\nRUN true\n');
    assert.notEqual(unnamed.code, 0);
    assert.match(unnamed.stderr, /E_NO_PROVIDER|E_HOST_DIED/, transcript(unnamed));
    assert.doesNotMatch(unnamed.stderr, /executor: inplace/);
    const named = await container.build('FROM BASE\nRUN true\n', ['--executor', 'inplace']);
    assert.match(named.stderr, /E_NOT_ALLOWED/, transcript(named));
    built(await container.build('FROM BASE\nRUN true\n', ['--executor', 'inplace', '--allow', 'inplace']));
    await container.remove();
    const root = await start(['--cap-add', 'SYS_ADMIN']);
    const onRungOne = await root.build('FROM BASE\nRUN true\n', ['--executor', 'inplace', '--allow', 'inplace']);
    assert.match(onRungOne.stderr, /E_PROVIDER_UNUSABLE/, transcript(onRungOne));
    await root.remove();
  });

  test('what cannot be had is refused with its line', { timeout }, async () => {
    const container = await start();
    const none = await container.build('FROM BASE\nRUN --network=none true\n');
    assert.equal(none.code, 1);
    assert.match(none.stderr, /E_EXECUTOR_LACKS/, transcript(none));
    assert.match(none.stderr, /Dockerfile:2/);
    const more = await container.build('FROM BASE\nRUN --security=insecure true\n', ['--allow', 'security.insecure']);
    assert.match(more.stderr, /E_EXECUTOR_LACKS/, transcript(more));
    const over = await container.build('FROM BASE\nRUN --mount=type=tmpfs,target=/varve true\n');
    assert.match(over.stderr, /E_EXECUTOR_LACKS.*/, transcript(over));
    await container.remove();
  });

  test('a second build leaves the container as the first found it, and sees nothing of it', { timeout }, async () => {
    const container = await start();
    const look = `find / -xdev -not -path '/kaniko/store*' -not -path '/kaniko/in-place*' -not -path '/proc/*' -exec stat -c '%n %a %U %Y %s %N' {} + | sort; ls -AR /dev/shm /kaniko/in-place; stat -c '%a %u %t:%T %N' /dev/*`;
    const first =
      'FROM BASE\nRUN echo 1 > /dev/shm/left; echo trace > /etc/trace; mkdir /srv/a; rm /dev/null /dev/stdin; chmod 600 /dev/zero; ln -s x /dev/stdin; (sleep 999 &)\n';
    built(await container.build(first));
    await container.shell('rm -rf /workspace/context');
    const before = await container.shell(look);
    built(await container.build(first));
    const second = await container.build(
      'FROM BASE\nRUN ls -A / /etc /dev/shm /srv; cat /etc/trace; test ! -e /bin/bash\n',
    );
    built(second);
    assert.doesNotMatch(second.stderr, /#\d+ [\d.]+ (trace|left)/, transcript(second));
    await container.shell('rm -rf /workspace/context');
    // What the test itself copied into the container.
    const workspace = (text: string): string => text.replaceAll(/^(\/|\/workspace) \d.*$/gm, '');
    assert.equal(workspace(await container.shell(look)), workspace(before));
    assert.doesNotMatch(await container.shell('ps'), /sleep 999/);
    await container.remove();
  });

  test('a root is gone soon after its build, with the process that removes it and without another build', {
    timeout,
  }, async () => {
    mkdirSync(bench.path('store-on-a-volume'));
    const dockerfile = `FROM BASE AS other
RUN for i in $(seq 600); do mkdir -p /many/$i; for j in 1 2 3 4 5 6 7 8; do echo $i > /many/$i/$j; done; done
FROM other
RUN rm -rf /many/1
`;
    const left = `ls -A /kaniko/store/scratch /kaniko/in-place/store/scratch 2>/dev/null | grep -v ':$' || true; ps | grep '[v]arve/packages' || true`;
    for (const flags of [[], ['--volume', `${bench.path('store-on-a-volume')}:/kaniko/store`]]) {
      const container = await start(flags);
      built(await container.build(dockerfile));
      for (let tries = 0; (await container.shell(left)).trim() !== '' && tries < 200; tries++) await delay(50);
      assert.equal((await container.shell(left)).trim(), '');
      await container.remove();
    }
  });

  test('what a build that was killed left is put right by the next one', { timeout }, async () => {
    const container = await start();
    await container.shell(
      `echo own > /etc/own; mkdir -p /root/.docker; echo '{"auths":{"registry.test":{"auth":"eDp5"}}}' > /root/.docker/config.json`,
    );
    const before = await container.shell('ls -A / /etc /root');
    const dockerfile = 'FROM BASE\nRUN --mount=type=cache,target=/c,id=k echo kept > /c/kept; echo begun; sleep 60\n';
    const running = container.build(dockerfile);
    for (let tries = 0; !(await container.shell('ps')).includes('sleep 60') && tries < 200; tries++) await delay(50);
    // All at once: nobody is left who could put anything right.
    await container.shell(
      "kill -9 $(ps | awk '/varve.js|host.main|bundle.main|sleep 60/ && !/awk/ {print $1}') || true",
    );
    assert.notEqual((await running).code, 0);
    const left = await container.shell('ls -A /etc');
    assert.doesNotMatch(left, /^own$/m, left);
    const next = await container.build('FROM BASE\nRUN --mount=type=cache,target=/c,id=k cat /c/kept\n');
    built(next);
    assert.match(next.stderr, /\d kept$/m, transcript(next));
    // Nobody else had it in memory: that is said, once.
    assert.match(next.stderr, /had \/root\/\.docker\/config\.json in its memory: write it again/, transcript(next));
    assert.doesNotMatch(built(await container.build('FROM BASE\nRUN true\n')).stderr, /in its memory/);
    await container.shell('rm -rf /workspace/context');
    assert.equal(await container.shell('ls -A / /etc /root'), before);
    await container.remove();
  });

  test('where the main process alone is killed, all is put back, credentials too', { timeout }, async () => {
    const container = await start();
    await container.shell(
      `mkdir -p /root/.docker; echo '{"auths":{"registry.test":{"auth":"eDp5"}}}' > /root/.docker/config.json`,
    );
    const look = 'ls -A / /etc; cat /root/.docker/config.json';
    const before = await container.shell(look);
    const running = container.build('FROM BASE\nRUN echo begun; sleep 62\n');
    for (let tries = 0; !(await container.shell('ps')).includes('sleep 62') && tries < 200; tries++) await delay(50);
    await container.shell("kill -9 $(ps | awk '/varve.js/ && !/awk/ {print $1; exit}')");
    assert.notEqual((await running).code, 0);
    for (let tries = 0; (await container.shell('ps')).includes('main.js') && tries < 200; tries++) await delay(50);
    await container.shell('rm -rf /workspace/context');
    assert.equal(await container.shell(look), before);
    await container.remove();
  });

  test('what is mounted below /run/secrets is out of the way where its folder can be moved', { timeout }, async () => {
    writeFileSync(bench.path('mounted-secret'), 'geheim-mounted\n');
    const mounted = ['--volume', `${bench.path('mounted-secret')}:/run/secrets/x:ro`];
    const dockerfile = 'FROM BASE\nRUN cat /run/secrets/x || echo not there; echo 1 > /run/made\nRUN ls /run\n';
    for (const [flags, seen, left] of [
      [mounted, /\d not there$/m, 'secrets\n'],
      // What is mounted itself stays, with all that is written to it.
      [['--tmpfs', '/run', ...mounted], /\d geheim-mounted$/m, 'made\nsecrets\n'],
    ] as const) {
      const container = await start(flags);
      assert.match(built(await container.build(dockerfile)).stderr, seen);
      assert.equal(await container.shell('cat /run/secrets/x; ls /run'), `geheim-mounted\n${left}`);
      await container.remove();
    }
  });

  test('a build that is interrupted puts everything back', { timeout }, async () => {
    const container = await start();
    const before = await container.shell('ls -A / /etc');
    const running = container.build('FROM BASE\nRUN echo begun; sleep 61\n');
    for (let tries = 0; !(await container.shell('ps')).includes('sleep 61') && tries < 200; tries++) await delay(50);
    await container.shell("kill -INT $(ps | awk '/varve.js/ && !/awk/ {print $1; exit}')");
    assert.equal((await running).code, 130);
    await container.shell('rm -rf /workspace/context');
    assert.equal(await container.shell('ls -A / /etc'), before);
    await container.remove();
  });

  test('find no credential, and of the builder only what is documented', { timeout }, async () => {
    const auth = Buffer.from('somebody:geheim-password').toString('base64');
    const other = Buffer.from('somebody:geheim-variable-password').toString('base64');
    const inline = JSON.stringify({ auths: { 'registry.test': { auth: other } } });
    const container = await start();
    await container.shell(
      `mkdir -p /kaniko/.docker; echo '${JSON.stringify({ auths: { 'registry.test': { auth } } })}' > /kaniko/.docker/config.json; chmod 600 /kaniko/.docker/config.json`,
    );
    const before = await container.shell(
      'stat -c "%a %U %Y %s" /kaniko/.docker/config.json; cat /kaniko/.docker/config.json',
    );
    const dockerfile = `FROM BASE AS other\nRUN printf 'geheim-%s' stage > /other-secret\nFROM BASE\nRUN ${snooper.trim().replaceAll('\n', '; ')}\nCOPY --from=other /other-secret /later\n`;
    const variables = ['DOCKER_CONFIG=/kaniko/.docker', `DOCKER_AUTH_CONFIG=${inline}`, 'SECRET=geheim-secret'];
    const outcome = await container.build(
      dockerfile,
      ['--secret', 'id=s,env=SECRET'],
      variables.flatMap(pair => ['--env', pair]),
    );
    built(outcome);
    assert.match(outcome.stderr, /looked everywhere/);
    const printed = outcome.stderr
      .split('\n')
      .filter(line => !line.includes('printf'))
      .join('\n');
    for (const secret of ['geheim-password', 'geheim-variable', 'geheim-secret', auth, other])
      assert.ok(!printed.includes(secret), `${secret} was found:\n${printed}`);
    // Documented: the command lines of processes, and what the store holds of other stages.
    assert.match(printed, /varve\.js/);
    assert.match(printed, /\/kaniko\/store/);
    assert.equal(
      await container.shell('stat -c "%a %U %Y %s" /kaniko/.docker/config.json; cat /kaniko/.docker/config.json'),
      before,
    );
    await container.remove();
  });

  test('what a step puts in the place of a mount leads nowhere, and no library of the image is loaded', {
    timeout,
  }, async () => {
    const container = await start();
    const source = bench.path('evil.c');
    writeFileSync(
      source,
      '#include <fcntl.h>\n__attribute__((constructor)) static void loaded(void) { open("/kaniko/loaded", O_CREAT | O_WRONLY, 0666); }',
    );
    await must('gcc', ['-shared', '-fPIC', '-o', bench.path('evil.so'), source]);
    await docker.must(['cp', bench.path('evil.so'), `${container.name}:/workspace/evil.so`]);
    await container.shell('mkdir -p /kaniko/victim');
    const dockerfile = `FROM BASE AS other
RUN true
FROM BASE
COPY --from=lib evil.so /lib/libnss_evil.so.2
RUN echo 'hosts: evil files' > /etc/nsswitch.conf && echo /lib/libnss_evil.so.2 > /etc/ld.so.preload && sleep 1
RUN --mount=type=tmpfs,target=/a/victim mv /a /b; ln -s /kaniko /a
RUN --mount=type=cache,target=/c/victim rm -rf /c; ln -s /kaniko /c
COPY --from=other /etc/passwd /from-other
`;
    built(await container.build(dockerfile, ['--build-context', 'lib=/workspace']));
    assert.match(await container.shell('ls /kaniko'), /^victim$/m);
    assert.doesNotMatch(await container.shell('ls /kaniko'), /^loaded$/m);
    const moved = await container.build('FROM BASE\nRUN mv /etc /etc2 && mkdir /etc\n');
    assert.notEqual(moved.code, 0);
    assert.match(await container.shell('cat /etc/resolv.conf /etc/passwd'), /root/);
    await container.remove();
  });

  test('a mounted credential stops the build unless that is allowed; kaniko users are warned', {
    timeout,
  }, async () => {
    const auth = Buffer.from('somebody:geheim-password').toString('base64');
    mkdirSync(bench.path('docker-config-of-pod'));
    writeFileSync(
      bench.path('docker-config-of-pod/config.json'),
      JSON.stringify({ auths: { 'registry.test': { auth } } }),
    );
    const container = await start([
      '--volume',
      `${bench.path('docker-config-of-pod')}:/kaniko/.docker:ro`,
      '--env',
      'DOCKER_CONFIG=/kaniko/.docker',
    ]);
    const stopped = await container.build('FROM BASE\nRUN true\n');
    assert.equal(stopped.code, 1, transcript(stopped));
    assert.match(stopped.stderr, /E_SECRET_REACHABLE/);
    assert.match(stopped.stderr, /\/kaniko\/\.docker\/config\.json/);
    assert.match(stopped.stderr, /DOCKER_AUTH_CONFIG.*inplace-secrets/s);
    const allowed = built(await container.build('FROM BASE\nRUN true\n', ['--allow', 'inplace-secrets']));
    assert.match(allowed.stderr, /W_SECRET_REACHABLE/);
    const words = ['kaniko', '--context=dir:///workspace/context', '--no-push', '--kaniko-dir=/kaniko/other'];
    const kaniko = built(await container.run([...program, ...words]));
    assert.equal(kaniko.stderr.match(/W_SECRET_REACHABLE/g)?.length, 1, transcript(kaniko));
    // Without a RUN nothing could read it.
    built(await container.build('FROM BASE\nCOPY Dockerfile /\n'));
    await container.remove();
  });

  test('what kaniko users have ignored is in no layer', { timeout }, async () => {
    const container = await start();
    const dockerfile = 'FROM BASE\nRUN mkdir -p /cache /keep; echo a > /keep/a; echo b > /cache/b\nRUN rm /cache/b\n';
    built(await container.build(dockerfile));
    const words = ['kaniko', '-c', '/workspace/context', '--no-push', '--oci-layout-path=/workspace/layout'];
    built(await container.run([...program, ...words, '--ignore-path=/cache', '--kaniko-dir=/kaniko/other']));
    await docker.must(['cp', `${container.name}:/workspace/layout`, bench.path('layout')]);
    const blobs = bench.path('layout/blobs/sha256');
    const listed = await must('sh', ['-c', `for blob in ${blobs}/*; do tar -tzf $blob; done 2>/dev/null; true`]);
    assert.match(listed, /^keep\/a$/m);
    assert.doesNotMatch(listed, /cache/);
    await container.remove();
  });

  test('a store on a volume, hosts that were added, limits and users work', { timeout }, async () => {
    mkdirSync(bench.path('volume'));
    const container = await start(['--volume', `${bench.path('volume')}:/kaniko/store`]);
    const dockerfile = `FROM BASE
RUN echo 'somebody:x:1234:1234::/home/somebody:/bin/sh' >> /etc/passwd && mkdir /home/somebody && chown 1234 /home/somebody
USER somebody
RUN --mount=type=cache,target=/c,uid=1234 --mount=type=secret,id=s,uid=1234 id -u; grep added /etc/hosts; ulimit -n; cat /run/secrets/s; echo mine > /c/mine
RUN --mount=type=cache,target=/c,uid=1234 cat /c/mine; grep -c added /etc/hosts
`;
    const flags = ['--add-host', 'added.test:192.0.2.7', '--ulimit', 'nofile=123:456', '--secret', 'id=s,env=SECRET'];
    const outcome = built(await container.build(dockerfile, flags, ['--env', 'SECRET=shown-to-the-step']));
    for (const line of [/ 1234$/m, /192\.0\.2\.7\s+added\.test/, / 123$/m, /shown-to-the-step/, / mine$/m, / 1$/m])
      assert.match(outcome.stderr, line, transcript(outcome));
    assert.doesNotMatch(await container.shell('cat /etc/hosts'), /added/);
    assert.doesNotMatch(await container.shell('ls -AR /dev/shm /kaniko/in-place'), /varve-step/);
    await container.remove();
    assert.ok(readFileSync(bench.path('volume/oci-layout')));
  });
});

interface Container {
  readonly name: string;
  run(words: readonly string[], more?: readonly string[]): Promise<Outcome>;
  /** For a script that has to succeed. */
  shell(script: string): Promise<string>;
  build(dockerfile: string, words?: readonly string[], more?: readonly string[]): Promise<Outcome>;
  remove(): Promise<void>;
}

/** Prints what it can get hold of. */
const snooper = `
env
for p in /proc/[0-9]*; do cat $p/cmdline 2>/dev/null | tr '\\0' ' '; cat $p/environ $p/mem $p/maps 2>/dev/null < /dev/null | tr '\\0' ' '; ls -l $p/fd $p/root/ $p/cwd/ 2>/dev/null; done
cat /kaniko/.docker/config.json 2>&1
ls -AR /kaniko/in-place /kaniko/.docker /root 2>&1
find /kaniko/store
grep -rs geheim- /kaniko/in-place /kaniko/.docker /kaniko/store /root /tmp /workspace /dev/shm /run
echo looked everywhere`;

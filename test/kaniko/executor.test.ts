import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  copyImage,
  createRegistryClient,
  hostPlatform,
  openImageStore,
  openLayout,
  parseReference,
  type RegistryClient,
} from '@varve/oci';
import { type DockerRegistry, type MemoryRegistry, startRegistry } from '@varve/oci/testing';
import { baseLayout } from '../rig/bases.js';
import { stepsThatRan } from '../rig/build-events.js';
import { makeHome } from '../rig/client-home.js';
import { type GitServer, makeRepository, startGitServer } from '../rig/git-server.js';
import { need } from '../rig/need.js';
import { startStrictRegistry } from '../rig/oci-services.js';
import { must, run } from '../rig/run.js';
import { transcript, type VarveEvent, type VarveOutcome, varveBin, varveEnvironment } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'git', 'registry', 'htpasswd', 'umoci', 'busybox');
const account = { username: 'me', password: 'registry-pw-8d2fkq' };
const gitAccount = { username: 'bot', password: 'git-pw-91kfzz' };

const dockerfile = (base: string): string => `ARG BASE=${base}
FROM $BASE AS unused
RUN false
FROM $BASE
ARG WHO=nobody
COPY file /file
RUN echo "$WHO" > /who
`;

describe('varve kaniko, called as the executor is', { skip }, () => {
  let bench: Workbench;
  let registry: DockerRegistry;
  let memory: MemoryRegistry;
  let git: GitServer;
  let client: RegistryClient;
  let home: NodeJS.ProcessEnv;
  let stores = 0;

  before(async () => {
    bench = openWorkbench('kaniko');
    registry = await startStrictRegistry(bench, { auth: account });
    memory = await startRegistry();
    bench.onClose(memory.close);
    client = createRegistryClient({ credentials: { lookup: () => Promise.resolve(account) } });
    bench.onClose(client.close);
    const store = await openLayout(await baseLayout('busybox'));
    for (const host of [registry.host, memory.host]) {
      const references = [parseReference(`${host}/busybox:latest`)];
      await copyImage({ from: { kind: 'store', store }, to: { kind: 'registry', client, references } });
    }
    await makeRepository(bench.path(), 'app', [
      folder => {
        mkdirSync(`${folder}/sub`);
        writeFileSync(`${folder}/sub/file`, 'content');
        writeFileSync(`${folder}/sub/Dockerfile`, dockerfile(`${registry.host}/busybox`));
      },
    ]);
    git = await startGitServer(bench, bench.path(), { account: gitAccount });
    const made = makeHome(bench.path('home'));
    made.logIn({ [registry.host]: account });
    home = made.env;
  });
  after(() => bench?.close());

  /** Each call has a store of its own, as a new pod has. */
  async function kaniko(words: readonly string[], options: { input?: Buffer; env?: NodeJS.ProcessEnv } = {}) {
    const { input, env } = options;
    const outcome = await run(process.execPath, [varveBin, 'kaniko', '--log-format=json', ...words], {
      cwd: bench.folder,
      env: varveEnvironment({ ...home, VARVE_STORE: bench.path(`store-${stores++}`), ...env }),
      ...(input === undefined ? {} : { input }),
    });
    const lines = outcome.stderr.split('\n').filter(line => line.startsWith('{'));
    return { ...outcome, events: lines.map(line => JSON.parse(line) as VarveEvent) } satisfies VarveOutcome;
  }

  const gitContext = (): string => `--context=git://${git.url.replace('http://', '')}/app.git#refs/heads/main`;
  const gitEnv = { GIT_PULL_METHOD: 'http', GIT_USERNAME: gitAccount.username, GIT_PASSWORD: gitAccount.password };
  const who = async (name: string): Promise<string | undefined> => {
    const { config } = await client.image(parseReference(name), hostPlatform());
    return config.history?.at(-1)?.created_by;
  };

  test('a private repository is built, pushed to all destinations, and its digest written', async () => {
    const [one, two] = [`${registry.host}/team/app:1`, `${registry.host}/other/app`];
    const files = ['digest', 'names', 'tags'].map(name => bench.path('out/deep', name));
    const outcome = await kaniko(
      [
        ...[gitContext(), '--context-sub-path=sub', '--destination', one, '-d', two, '--build-arg=WHO', '--label=a=b'],
        ...[`--digest-file=${files[0]}`, `--image-name-with-digest-file=${files[1]}`],
        ...[`--image-name-tag-with-digest-file=${files[2]}`, '--force', '--cleanup', '--snapshot-mode=redo'],
      ],
      { env: { ...gitEnv, WHO: 'somebody' } },
    );
    assert.equal(outcome.code, 0, transcript(outcome));
    const digest = outcome.stdout.trim();
    for (const name of [one, two]) assert.equal((await client.resolve(parseReference(name))).digest, digest);
    assert.match((await who(one)) ?? '', /WHO=somebody/);
    const { config } = await client.image(parseReference(one), hostPlatform());
    assert.equal(config.config?.Labels?.a, 'b');
    assert.deepEqual(
      files.map(file => readFileSync(file, 'utf8')),
      [
        digest,
        `${registry.host}/team/app@${digest}\n${registry.host}/other/app@${digest}\n`,
        `${registry.host}/team/app:1@${digest}\n${registry.host}/other/app:latest@${digest}\n`,
      ],
    );
    const warned = outcome.events.filter(({ code }) => code === 'W_FLAG_UNUSED').map(({ message }) => String(message));
    assert.deepEqual(
      warned.map(message => message.replace(/ means.*/, '')),
      ['--force', '--cleanup', '--snapshot-mode'],
    );
    for (const secret of [account.password, gitAccount.password]) assert.ok(!transcript(outcome).includes(secret));
  });

  test('GIT_TOKEN opens a private repository, and so does a token before the host; neither is shown', async () => {
    const token = 'token-9vw2';
    for (const [account, env, before] of [
      [{ username: 'x-access-token', password: token }, { GIT_TOKEN: token }, ''],
      [{ username: token, password: '' }, {}, `${token}@`],
    ] as const) {
      const server = await startGitServer(bench, bench.path(), { account });
      const context = `--context=git://${before}${server.url.replace('http://', '')}/app.git`;
      const words = [context, '--context-sub-path=sub', '--no-push'];
      const outcome = await kaniko(words, { env: { GIT_PULL_METHOD: 'http', ...env } });
      assert.equal(outcome.code, 0, transcript(outcome));
      assert.ok(!transcript(outcome).includes(token), transcript(outcome));
    }
  });

  test('with --cache a new pod runs nothing again, and without it everything', async () => {
    const words = [gitContext(), '--context-sub-path=sub', '-d', `${registry.host}/cached/app:1`];
    const first = await kaniko([...words, '--cache=true'], { env: gitEnv });
    assert.equal(stepsThatRan(first).filter(label => label.includes('RUN')).length, 1, transcript(first));
    assert.ok((await client.tags(parseReference(`${registry.host}/cached/app/cache`))).length > 0);
    const again = await kaniko([...words, '--cache=true', '--no-push-cache'], { env: gitEnv });
    assert.deepEqual(stepsThatRan(again), [], transcript(again));
    assert.equal(again.stdout, first.stdout);
    const without = await kaniko([...words, '--no-push'], { env: gitEnv });
    assert.equal(stepsThatRan(without).filter(label => label.includes('RUN')).length, 1, transcript(without));
  });

  test('a tar on standard input becomes an archive and a layout, the same each time', async () => {
    mkdirSync(bench.path('packed/sub'), { recursive: true });
    writeFileSync(bench.path('packed/sub/file'), 'content');
    writeFileSync(bench.path('packed/sub/Other'), dockerfile(`${registry.host}/busybox`));
    await must('tar', ['-czf', bench.path('packed.tar.gz'), '-C', bench.path('packed'), '.']);
    const input = readFileSync(bench.path('packed.tar.gz'));
    const words = ['-c', 'tar://stdin', '--context-sub-path', 'sub', '-f', 'Other', '--no-push', '--reproducible'];
    const outputs = [`--tar-path=${bench.path('image.tar')}`, `--oci-layout-path=${bench.path('layout')}`];
    const first = await kaniko([...words, ...outputs, `-d=${registry.host}/never/pushed:1`], { input });
    assert.equal(first.code, 0, transcript(first));
    const again = await kaniko(words, { input });
    assert.equal(again.stdout, first.stdout, transcript(again));
    for (const path of ['image.tar', 'layout']) {
      const store = await openImageStore(bench.path(path));
      assert.equal((await store.images()).length, 1);
      await store.close();
    }
    await assert.rejects(client.resolve(parseReference(`${registry.host}/never/pushed:1`)), { code: /UNKNOWN/ });
  });

  test('layers that the warmer has copied are not downloaded', async () => {
    const base = `${memory.host}/busybox:latest`;
    mkdirSync(bench.path('warm-src'), { recursive: true });
    writeFileSync(bench.path('warm-src/Dockerfile'), `ARG BASE\nFROM $BASE\nRUN echo warm > /warm\n`);
    const env = varveEnvironment(home);
    const flags = [
      '--cache-dir',
      bench.path('cache'),
      '-d',
      bench.path('warm-src/Dockerfile'),
      '--build-arg',
      `BASE=${base}`,
    ];
    await must(process.execPath, [varveBin, 'kaniko', 'warmer', ...flags], { env });
    const { manifest } = await client.image(parseReference(base), hostPlatform());
    const layer = manifest.layers[0]?.digest ?? '';
    const fetched = (): number =>
      memory.seen.filter(({ method, url }) => method === 'GET' && url.includes(layer)).length;
    assert.equal(fetched(), 1);
    const words = ['-c', bench.path('warm-src'), `--build-arg=BASE=${base}`, '-d', `${memory.host}/warm:1`, '--cache'];
    const outcome = await kaniko([...words, `--cache-dir=${bench.path('cache')}`]);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.equal(stepsThatRan(outcome).filter(label => label.includes('RUN')).length, 1);
    assert.equal(fetched(), 1);
  });

  test('the warmer copies what it can, and fails where it can copy nothing', async () => {
    const call = (...images: readonly string[]) =>
      run(
        process.execPath,
        [varveBin, 'kaniko', 'warmer', '-c', bench.path('some'), ...images.flatMap(i => ['-i', i])],
        {
          env: varveEnvironment(home),
        },
      );
    const [absent, present] = [`${memory.host}/absent:1`, `${memory.host}/busybox:latest`];
    const some = await call(absent, present);
    assert.equal(some.code, 0, transcript(some));
    assert.match(some.stderr, /warning: .*absent:1 was not copied: .*\[E_.*\] \[W_IMAGE_NOT_COPIED\]/);
    const store = await openImageStore(bench.path('some'));
    assert.equal((await store.images()).length, 1);
    await store.close();
    const none = await call(absent, absent);
    assert.equal(none.code, 1, transcript(none));
  });

  test('what would give another image, or cannot be read, ends before anything is done', async () => {
    const words = [
      '-c',
      bench.path('absent'),
      '-d',
      `${registry.host}/none:1`,
      '--digest-file',
      bench.path('x/digest'),
    ];
    const refused = await kaniko([...words, '--push-ignore-immutable-tag-errors']);
    assert.equal(refused.code, 2, transcript(refused));
    assert.equal(existsSync(bench.path('x')), false);
    const missing = await kaniko(words);
    assert.equal(missing.code, 1, transcript(missing));
    assert.match(missing.stderr, /E_CONTEXT_NOT_FOUND/);
    const folder = await kaniko([gitContext(), '--context-sub-path=none', ...words.slice(2)], { env: gitEnv });
    assert.match(folder.stderr, /E_CONTEXT_/, transcript(folder));
    const out = await kaniko(['-c', `https://127.0.0.1:1/x.tar`, '--context-sub-path=../..', ...words.slice(2)]);
    assert.notEqual(out.code, 0);
  });

  test('--single-snapshot puts one layer on top of the base, and what a step deletes is in none', async () => {
    mkdirSync(bench.path('single'), { recursive: true });
    const from = `${memory.host}/busybox:latest`;
    writeFileSync(
      bench.path('single/Dockerfile'),
      `FROM ${from}\nRUN echo hush-4k > /gone; echo a > /a\nRUN rm /gone /etc/group; echo b > /b\nENV C=d\n`,
    );
    const layout = bench.path('single-layout');
    const name = `${memory.host}/single:1`;
    const words = ['-c', bench.path('single'), '-d', name, '--single-snapshot', `--oci-layout-path=${layout}`];
    const outcome = await kaniko(words);
    assert.equal(outcome.code, 0, transcript(outcome));
    const { manifest: base } = await client.image(parseReference(from), hostPlatform());
    const { manifest, config } = await client.image(parseReference(name), hostPlatform());
    assert.equal(manifest.layers.length, base.layers.length + 1);
    assert.deepEqual(manifest.layers[0]?.digest, base.layers[0]?.digest);
    const own = config.history?.slice(-3).map(entry => entry.empty_layer ?? false);
    assert.deepEqual(own, [true, false, true]);
    const blob = bench.path('single-layout/blobs', manifest.layers.at(-1)?.digest.replace(':', '/') ?? '');
    const listed = (await must('tar', ['-tzf', blob])).trim().split('\n');
    assert.deepEqual(listed, ['./', 'a', 'b', 'etc/', 'etc/.wh.group']);
  });

  test('what steps change at an ignored path is in no layer, whoever finds changes', async () => {
    mkdirSync(bench.path('ignoring'), { recursive: true });
    writeFileSync(
      bench.path('ignoring/Dockerfile'),
      `FROM ${memory.host}/busybox
RUN rm -rf /var/run && mkdir -p /keep /cache/npm /var/run /srv/x; echo a > /keep/a; echo b > /cache/npm/b; echo c > /var/run/c; ln /keep/a /srv/x/d; rm /etc/group
COPY Dockerfile /cache/named
RUN cat /cache/npm/b && rm -r /cache && echo e > /srv/x/e && echo f > /keep/f
`,
    );
    const flags = ['--ignore-path=/cache', '--ignore-path', '/srv/*/[d-e]', '--ignore-path=/etc', '--ignore-var-run'];
    const words = ['-c', bench.path('ignoring'), '--no-push', '--reproducible', ...flags];
    const found = new Map<string, readonly (readonly string[])[]>();
    for (const snapshot of ['overlay', 'full', 'mtime']) {
      const [config, layout] = [bench.path(`config-${snapshot}`), bench.path(`ignoring-${snapshot}`)];
      mkdirSync(`${config}/varve`, { recursive: true });
      writeFileSync(`${config}/varve/config.json`, JSON.stringify({ snapshot }));
      const outcome = await kaniko([...words, `--oci-layout-path=${layout}`], { env: { XDG_CONFIG_HOME: config } });
      assert.equal(outcome.code, 0, transcript(outcome));
      found.set(outcome.stdout, await listsAboveBase(layout));
    }
    // Of every snapshotter the same digest.
    assert.equal(found.size, 1, [...found].join('\n'));
    assert.deepEqual(
      [...found.values()][0]?.map(names => names.filter(name => !name.endsWith('/'))),
      [['keep/a'], ['cache/named'], ['keep/f']],
    );
  });

  test('--dryrun shows what would be done', async () => {
    const outcome = await kaniko([gitContext(), '--context-sub-path=sub', '--dryrun', '--build-arg=WHO=plan'], {
      env: gitEnv,
    });
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.match(outcome.stdout, /\n.* run .*RUN echo "\$WHO"/);
  });
});

/** Names in the layers of a layout's image, but for those of its base. */
async function listsAboveBase(layout: string): Promise<readonly (readonly string[])[]> {
  const blob = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  const manifest = read(blob(read(join(layout, 'index.json')).manifests[0].digest));
  const layers: readonly { readonly digest: string }[] = manifest.layers;
  return Promise.all(
    layers.slice(1).map(async ({ digest }) => (await must('tar', ['-tzf', blob(digest)])).trim().split('\n')),
  );
}

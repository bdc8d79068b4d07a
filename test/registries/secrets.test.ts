import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { copyImage, createRegistryClient, openLayout, parseReference } from '@varve/oci';
import {
  type DockerRegistry,
  type MemoryRegistry,
  startRegistry as startMemoryRegistry,
  startTokenService,
  type TokenService,
} from '@varve/oci/testing';
import { baseLayout } from '../rig/bases.js';
import { basicAuth, type ClientHome, makeHome } from '../rig/client-home.js';
import { type GitServer, makeRepository, startGitServer } from '../rig/git-server.js';
import { need } from '../rig/need.js';
import { certificates, startStrictRegistry } from '../rig/oci-services.js';
import { type ProcessWatch, watchProcesses } from '../rig/process-watch.js';
import { filesWithSecrets, type Secrets, secretsIn } from '../rig/secret-search.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'registry', 'htpasswd', 'openssl', 'git', 'umoci', 'busybox');
const modes = ['auto', 'tty', 'plain', 'json', 'quiet'] as const;

/** Steps that read their secrets, and keep what they see of processes, environment and mounts in a layer. */
function dockerfile(base: string, files: string): string {
  return `FROM ${base}
COPY from-git /
ADD ${files}/download /
RUN --mount=type=secret,id=file --mount=type=secret,id=variable \\
    test -s /run/secrets/file -a -s /run/secrets/variable && sleep 0.2
RUN { env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/self/mountinfo; find / -xdev; } > /seen 2>&1; true
`;
}

const random = (name: string): string => `${name}-${randomBytes(12).toString('hex')}`;

describe('no credential is found anywhere', { skip }, () => {
  let bench: Workbench;
  let source: DockerRegistry;
  let byToken: DockerRegistry;
  let tokens: TokenService;
  let byRefresh: MemoryRegistry;
  let git: GitServer;
  let home: ClientHome;
  let varve: Varve;
  let secrets: Secrets;
  let env: NodeJS.ProcessEnv;
  const outcomes: VarveOutcome[] = [];
  const watches: ProcessWatch[] = [];

  before(async () => {
    bench = openWorkbench('secrets');
    const made = await certificates();
    const given = {
      password: random('password'),
      tokenPassword: random('token-password'),
      identityToken: random('refresh'),
      gitToken: random('git'),
      fileSecret: random('file'),
      variableSecret: random('variable'),
      downloadToken: random('download'),
      inlinePassword: random('inline'),
    };
    const account = { username: 'reader', password: given.password };
    source = await startStrictRegistry(bench, { auth: account, tls: { ...made, clientCa: made.ca } });
    tokens = await startTokenService(made, { username: 'pusher', password: given.tokenPassword });
    bench.onClose(tokens.close);
    byToken = await startStrictRegistry(bench, { tokens });
    byRefresh = await startMemoryRegistry({
      auth: { kind: 'bearer', username: 'x', password: 'y', refreshToken: given.identityToken },
    });
    bench.onClose(byRefresh.close);
    const certs = { ca: made.ca, cert: made.clientCert, key: made.clientKey };
    const client = createRegistryClient({
      credentials: { lookup: () => Promise.resolve(account) },
      certs: { [source.host]: certs },
    });
    const store = await openLayout(await baseLayout('busybox'));
    const references = [parseReference(`${source.host}/busybox:latest`)];
    await copyImage({ from: { kind: 'store', store }, to: { kind: 'registry', client, references } });
    await client.close();
    home = makeHome(bench.path('home'));
    home.trust(source.host, { 'ca.crt': made.ca, 'client.cert': made.clientCert, 'client.key': made.clientKey });
    home.logIn({
      [source.host]: basicAuth(account.username, account.password),
      [byToken.host]: basicAuth('pusher', given.tokenPassword),
      [byRefresh.host]: { identitytoken: given.identityToken },
    });
    const files = await serveFile(given.downloadToken);
    mkdirSync(bench.path('repositories'));
    await makeRepository(bench.path('repositories'), 'app', [
      folder => {
        writeFileSync(`${folder}/Dockerfile`, dockerfile(`${source.host}/busybox`, files));
        writeFileSync(`${folder}/from-git`, 'from git\n');
      },
    ]);
    git = await startGitServer(bench, bench.path('repositories'), {
      account: { username: 'x-access-token', password: given.gitToken },
    });
    writeFileSync(bench.path('file-secret'), given.fileSecret);
    writeFileSync(bench.path('download-token'), given.downloadToken);
    secrets = { ...given, clientKey: made.clientKey.split('\n').slice(1, -2).join('').slice(10, 60) };
    env = {
      ...home.env,
      GIT_AUTH_TOKEN: given.gitToken,
      VARIABLE_SECRET: given.variableSecret,
      DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'elsewhere.test': basicAuth('me', given.inlinePassword) } }),
    };
    varve = varveWith(bench.path('store'));
    mkdirSync(bench.path('written'));
    const authority = new URL(files).host;
    for (const mode of modes) outcomes.push(await build(mode, authority));
  });
  after(() => bench?.close());

  /** Serves one file to who shows the token. */
  async function serveFile(token: string): Promise<string> {
    const server = createServer((request, response) => {
      const allowed = request.headers.authorization === `Bearer ${token}`;
      response.writeHead(allowed ? 200 : 403).end(allowed ? 'downloaded\n' : '');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    bench.onClose(() => void server.close());
    return `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`;
  }

  async function build(mode: (typeof modes)[number], files: string): Promise<VarveOutcome> {
    let pid: number | undefined;
    const watch = watchProcesses(() => pid);
    watches.push(watch);
    const names = [`${byToken.host}/app:${mode}`, `${byRefresh.host}/app:${mode}`].flatMap(name => ['-t', name]);
    const given = [
      ...['--secret', `id=file,src=${bench.path('file-secret')}`, '--secret', 'id=variable,env=VARIABLE_SECRET'],
      ...['--secret', `id=HTTP_AUTH_TOKEN_${files},src=${bench.path('download-token')}`],
    ];
    const outputs = [
      '-o',
      `type=oci,dest=${bench.path(`layout-${mode}`)}`,
      '-o',
      `type=docker,dest=${bench.path('written/docker.tar')}`,
    ];
    const cache = ['--cache', 'lmdb', '--cache', `registry,ref=${byRefresh.host}/cache`];
    const flags = [...names, '--push', ...given, ...outputs, ...cache, '--no-cache', '--progress', mode];
    try {
      const files = ['--metadata-file', bench.path('written/metadata.json')];
      return await varve(['build', `${git.url}/app.git`, ...flags, ...files], {
        env: { ...env, VARVE_DEBUG: '1' },
        started: id => {
          pid = id;
        },
      });
    } finally {
      watch.stop();
    }
  }

  /** The secrets with every token that was given meanwhile. */
  function all(): Secrets {
    const bearers = byRefresh.seen.flatMap(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? []);
    assert.ok(tokens.given.length > 0 && bearers.length > 0);
    const given = [...new Set([...tokens.given, ...bearers])].map((token, at) => [`token ${at}`, token] as const);
    return { ...secrets, ...Object.fromEntries(given) };
  }

  test('every build used them and succeeded', () => {
    for (const outcome of outcomes) assert.equal(outcome.code, 0, transcript(outcome));
    assert.ok(git.requests.some(({ authorization }) => authorization !== undefined));
    assert.ok(byRefresh.state.repositories.get('app')?.tags.size === modes.length);
  });

  test('not on the terminal, in no progress mode and in no event', () => {
    const found = outcomes.flatMap(({ stdout, stderr }) => secretsIn(stdout + stderr, all()));
    assert.deepEqual(found, []);
  });

  test('not in the store, nor in what was written', () => {
    const folders = ['store', 'written', 'layout-json'];
    assert.deepEqual(
      folders.flatMap(name => filesWithSecrets(bench.path(name), all())),
      [],
    );
  });

  test('not in what was pushed: layers, what a step sees, config, cache', () => {
    assert.deepEqual(filesWithSecrets(byToken.dir, all()), []);
    const { blobs, repositories } = byRefresh.state;
    const manifests = [...repositories.values()].flatMap(({ manifests }) => [...manifests.values()]);
    const folder = bench.path('pushed');
    mkdirSync(folder);
    for (const [digest, bytes] of blobs) writeFileSync(`${folder}/${digest}`, bytes);
    for (const [at, { bytes }] of manifests.entries()) writeFileSync(`${folder}/manifest-${at}`, bytes);
    assert.deepEqual(filesWithSecrets(folder, all()), []);
  });

  test('not in the process list, and in no environment below the one that was called', () => {
    for (const { commandLines, environments, processes } of watches) {
      assert.ok(processes > 3, `only ${processes} processes were seen`);
      assert.deepEqual(
        [...commandLines].filter(line => secretsIn(line, all()).length > 0),
        [],
      );
      const telling = [...environments].filter(text => secretsIn(text, all()).length > 0);
      assert.deepEqual(
        telling.map(text => text.split('\n')[0]),
        [],
      );
    }
  });

  test('not where a server gives back what it was told', async () => {
    const server = createServer((request, response) => {
      const told = request.headers.authorization;
      const headers = { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="x"' };
      const error = {
        code: 'DENIED',
        message: `you said ${told}, that is ${Buffer.from(told?.split(' ')[1] ?? '', 'base64')}`,
      };
      response.writeHead(told === undefined ? 401 : 403, headers).end(JSON.stringify({ errors: [error] }));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    bench.onClose(() => void server.close());
    const host = `127.0.0.1:${(server.address() as { readonly port: number }).port}`;
    home.logIn({ [host]: basicAuth('reader', secrets.password ?? '') });
    for (const mode of modes) {
      const outcome = await varve(['build', '-', '--progress', mode], {
        env: { ...env, VARVE_DEBUG: '1' },
        input: `FROM ${host}/app\nCOPY x /\n`,
      });
      assert.equal(outcome.code, 1, transcript(outcome));
      if (mode !== 'quiet') assert.match(outcome.stderr, /E_DENIED/);
      assert.deepEqual(secretsIn(outcome.stdout + outcome.stderr, all()), [], transcript(outcome));
    }
  });

  test('the search finds what a step leaks on purpose', async () => {
    const leak = varveWith(bench.path('leaky-store'));
    const layout = await baseLayout('busybox');
    const flags = [
      '--build-context',
      `base=oci-layout://${layout}:latest`,
      '--secret',
      `id=file,src=${bench.path('file-secret')}`,
    ];
    const outcome = await leak(
      ['build', '-', ...flags, '-o', `type=oci,dest=${bench.path('leaky')}`, '--progress', 'plain'],
      {
        input:
          'FROM base\nRUN --mount=type=secret,id=file { echo -n ab; cat /run/secrets/file; } | base64 > /leak; cat /run/secrets/file\n',
      },
    );
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.deepEqual(secretsIn(outcome.stderr, secrets), ['fileSecret']);
    assert.ok(filesWithSecrets(bench.path('leaky'), secrets).some(found => found.startsWith('fileSecret')));
  });
});

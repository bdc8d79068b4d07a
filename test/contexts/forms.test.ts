import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import { after, before, describe, test } from 'node:test';
import type { TestCertificates } from '@varve/oci/testing';
import { toldErrors } from '../rig/build-events.js';
import { makeHome } from '../rig/client-home.js';
import { type FileServer, startFileServer } from '../rig/file-server.js';
import { type GitServer, startGitDaemon, startGitServer } from '../rig/git-server.js';
import { need } from '../rig/need.js';
import { certificates } from '../rig/oci-services.js';
import type { RunOptions } from '../rig/run.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { makeProjectRepositories, packProject, writeProject } from './project.js';

const skip = need('linux', 'git', 'openssl', 'zstd');
const compressions = {
  tar: undefined,
  'tar.gz': '--gzip',
  'tar.bz2': '--bzip2',
  'tar.xz': '--xz',
  'tar.zst': '--zstd',
};

/** Runs what the caller asks of a host on this machine, as the program ssh would there. */
const sshStub =
  '#!/bin/sh\necho "$@" >> "$0.log"\nwhile [ "$1" != git@example.test ]; do shift; done\nshift\nexec sh -c "$*"\n';

describe('one project as every kind of context gives one image', { skip }, () => {
  let bench: Workbench;
  let varve: Varve;
  let files: FileServer;
  let secureFiles: string;
  let gitHttp: GitServer;
  let gitHttps: GitServer;
  let made: TestCertificates;
  let commits: readonly string[];
  let expected: string;

  before(async () => {
    bench = openWorkbench('contexts');
    varve = varveWith(bench.path('store'));
    made = await certificates();
    writeFileSync(bench.path('ca.pem'), made.ca);
    writeProject(bench.path('project'));
    files = await startFileServer(bench);
    for (const [name, flag] of Object.entries(compressions)) {
      await packProject(bench.path('project'), bench.path(`project.${name}`), flag);
      files.offer(`/project.${name}`, { body: readFileSync(bench.path(`project.${name}`)) });
    }
    files.offer('/Dockerfile', { body: Buffer.from('FROM scratch\nLABEL alone=yes\n') });
    commits = await makeProjectRepositories(bench, bench.path('repositories'));
    gitHttp = await startGitServer(bench, bench.path('repositories'));
    gitHttps = await startGitServer(bench, bench.path('repositories'), { tls: made });
    secureFiles = await serveSecurely();
    const first = await build(bench.path('project'));
    assert.equal(first.code, 0, transcript(first));
    expected = first.stdout.trim();
  });
  after(() => bench?.close());

  function build(context: string, flags: readonly string[] = [], options: RunOptions = {}): Promise<VarveOutcome> {
    const output = ['-o', `type=tar,dest=${bench.path('image.tar')}`, '--progress', 'json'];
    const env = { SOURCE_DATE_EPOCH: '1000000000', ...makeHome(bench.path('home')).env, ...options.env };
    return varve(['build', context, ...output, ...flags], { ...options, env });
  }

  async function assertSame(context: string, flags: readonly string[] = [], options: RunOptions = {}): Promise<void> {
    const outcome = await build(context, flags, options);
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.equal(outcome.stdout.trim(), expected, `${context} gives another image`);
  }

  async function assertFails(
    context: string,
    flags: readonly string[],
    expectedError: { readonly code: string; readonly message: RegExp },
    options: RunOptions = {},
  ): Promise<void> {
    const outcome = await build(context, flags, options);
    assert.equal(outcome.code, 1, transcript(outcome));
    const [error] = toldErrors(outcome);
    assert.equal(error?.code, expectedError.code, transcript(outcome));
    assert.match(error?.message ?? '', expectedError.message);
  }

  /** A server of one archive by https. */
  async function serveSecurely(): Promise<string> {
    const body = readFileSync(bench.path('project.tar.gz'));
    const server = createServer({ cert: made.cert, key: made.key }, (_, response) => response.end(body));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    bench.onClose(() => void server.close(() => undefined));
    return `https://127.0.0.1:${(server.address() as { readonly port: number }).port}`;
  }

  test('a folder, by a relative path and by a link', async () => {
    await assertSame('project', [], { cwd: bench.folder });
    symlinkSync('project', bench.path('alias'));
    await assertSame(bench.path('alias'));
  });

  for (const name of Object.keys(compressions))
    test(`${name}: a file, standard input or by http`, async () => {
      const archive = bench.path(`project.${name}`);
      await assertSame(archive);
      // How bytes come and how they are packed have nothing to do with each other.
      if (name.length < 7) await assertSame('-', [], { input: readFileSync(archive) });
      if (name === 'tar' || name === 'tar.zst') await assertSame(`${files.url}/project.${name}?token=x`);
    });

  test('a tar by https from a server with a private authority', async () => {
    await assertFails(`${secureFiles}/project.tar.gz`, [], {
      code: 'E_CONTEXT_NOT_FOUND',
      message: /certificate is not trusted/,
    });
    for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])
      await assertSame(`${secureFiles}/project.tar.gz`, [], { env: { [name]: bench.path('ca.pem') } });
  });

  test('a tar that wants credentials: from the URL or from a secret, as it says where they are missing', async () => {
    const body = readFileSync(bench.path('project.tar.gz'));
    const wanted = [`Basic ${Buffer.from('me:pass-Xk29d').toString('base64')}`, 'Bearer token-Xk29d'];
    const server = createPlainServer(({ headers }, response) =>
      wanted.includes(headers.authorization ?? '') ? response.end(body) : response.writeHead(401).end(),
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    bench.onClose(() => void server.close(() => undefined));
    const host = `127.0.0.1:${(server.address() as { readonly port: number }).port}`;
    const context = `http://${host}/project.tar.gz`;
    await assertSame(`http://me:pass-Xk29d@${host}/project.tar.gz`);
    const env = { HEADER: wanted[0], TOKEN: 'token-Xk29d' };
    for (const secret of [`id=HTTP_AUTH_HEADER_${host},env=HEADER`, `id=HTTP_AUTH_TOKEN_${host},env=TOKEN`])
      await assertSame(context, ['--secret', secret], { env });
    const refused = await build(context);
    const [error] = toldErrors(refused);
    assert.match(error?.message ?? '', /answers 401/);
    assert.match(error?.hint ?? '', /HTTP_AUTH_TOKEN_HOST/);
    assert.doesNotMatch(transcript(refused), /Xk29d/);
  });

  test('a web page is told from a Dockerfile; standard input is not read for two things', async () => {
    files.offer('/page', { body: Buffer.from('\n<!DOCTYPE html>\n<html>FROM scratch</html>\n') });
    await assertFails(`${files.url}/page`, [], { code: 'E_CONTEXT_INVALID', message: /web page/ });
    const input = readFileSync(bench.path('project.tar'));
    const both = { code: 'E_DOCKERFILE_MISSING', message: /standard input is the context/ };
    await assertFails('-', ['-f', '-'], both, { input });
  });

  test('git by http: branch with folder, tag, commit; submodules come along', async () => {
    await assertSame(`${gitHttp.url}/app.git#main:sub`);
    await assertSame(`${gitHttp.url}/app.git#v1`);
    await assertSame(`${gitHttp.url}/app.git#${commits[0]}`);
    const whole = await build(`${gitHttp.url}/app.git`, ['-f', '-'], {
      input: 'FROM scratch\nCOPY mod/inner.txt /\nCOPY sub/tool /\n',
    });
    assert.equal(whole.code, 0, transcript(whole));
    await assertFails(
      `${gitHttp.url}/app.git?submodules=false`,
      ['-f', '-'],
      { code: 'E_COPY_SOURCE_MISSING', message: /inner\.txt/ },
      { input: 'FROM scratch\nCOPY mod/inner.txt /\n' },
    );
  });

  test('git by http is one commit deep', () => {
    const fetches = gitHttp.requests.filter(({ body }) => body.includes('command=fetch'));
    assert.ok(fetches.length > 0);
    for (const { body } of fetches) assert.match(body, /000cdeepen 1/);
  });

  test('git by https from a server with a private authority', async () => {
    const reference = `${gitHttps.url}/app.git#main:sub`;
    await assertFails(reference, [], { code: 'E_CONTEXT_NOT_FOUND', message: /certificate/ });
    for (const name of ['GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])
      await assertSame(reference, [], { env: { [name]: bench.path('ca.pem') } });
  });

  test('git by its own protocol', async () => {
    const daemon = await startGitDaemon(bench, bench.path('repositories'));
    await assertSame(`${daemon}/app.git#main:sub`);
  });

  test('git by ssh, in both ways of writing it', async () => {
    const stub = bench.path('ssh');
    writeFileSync(stub, sshStub, { mode: 0o755 });
    const env = { GIT_SSH_COMMAND: stub };
    await assertSame(`ssh://git@example.test${bench.path('repositories/app.git')}#v1`, [], { env });
    await assertSame(`git@example.test:${bench.path('repositories/app.git')}#main:sub`, [], { env });
    assert.match(readFileSync(`${stub}.log`, 'utf8'), /git-upload-pack/);
  });

  test('a Dockerfile from standard input, from outside the context, from within an archive or a repository', async () => {
    const text = 'FROM scratch\nCOPY . /app/\n';
    await assertSame(bench.path('project'), ['-f', '-'], { input: text });
    await assertSame(`${gitHttp.url}/app.git#main:sub`, ['-f', '-'], { input: text });
    mkdirSync(bench.path('outside'));
    writeFileSync(bench.path('outside/My.Dockerfile'), text);
    await assertSame('project', ['-f', 'outside/My.Dockerfile'], { cwd: bench.folder });
    await assertSame(`${gitHttp.url}/app.git#main:sub`, ['-f', bench.path('outside/My.Dockerfile')]);
    await assertSame('-', ['-f', './Dockerfile'], { input: readFileSync(bench.path('project.tar.gz')) });
    const inRepository = await build(`${gitHttp.url}/app.git`, ['-f', 'sub/Dockerfile']);
    assert.equal(inRepository.code, 0, transcript(inRepository));
    await assertFails(`${gitHttp.url}/app.git`, ['-f', 'none/Dockerfile'], {
      code: 'E_DOCKERFILE_MISSING',
      message: /app\.git\/none\/Dockerfile/,
    });
  });

  test('a Dockerfile alone, by http and from standard input', async () => {
    const byHttp = await build(`${files.url}/Dockerfile`);
    const fromStdin = await build('-', [], { input: 'FROM scratch\nLABEL alone=yes\n' });
    assert.equal(byHttp.code, 0, transcript(byHttp));
    assert.equal(byHttp.stdout, fromStdin.stdout);
  });

  test('a Dockerfile that is a link out of the context shows nothing of what it leads to', async () => {
    const folder = bench.path('evil');
    mkdirSync(folder);
    writeFileSync(bench.path('private.txt'), 'hush-private-line\n');
    symlinkSync(bench.path('private.txt'), `${folder}/Dockerfile`);
    await packProject(folder, bench.path('evil.tar'));
    for (const context of [folder, bench.path('evil.tar')]) {
      await assertFails(context, [], { code: 'E_CONTEXT_INVALID', message: /leads out of the context/ });
      const outcome = await build(context);
      assert.ok(!transcript(outcome).includes('hush-private-line'));
    }
    await assertFails(bench.path('project.tar'), ['-f', '../../../../../../../../../../etc/passwd'], {
      code: 'E_CONTEXT_INVALID',
      message: /leads out/,
    });
  });
});

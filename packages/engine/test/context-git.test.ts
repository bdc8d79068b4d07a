import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findProgram, runProgram } from '@varve/oci/testing';
import { gitSource } from '../src/context/git/git-source.js';
import type { ContextRequest } from '../src/plugin/context.js';

const root = mkdtempSync(join(tmpdir(), 'varve-git-'));
const signal = AbortSignal.timeout(60_000);
const repositories = join(root, 'repositories');
const env = { PATH: process.env.PATH, HOME: root };
const token = 'hush-hush-token';
let count = 0;
let server: Server;
let base: string;
let commits: readonly string[];

async function git(dir: string, ...args: readonly string[]): Promise<string> {
  const identity = [
    '-c',
    'user.name=t',
    '-c',
    'user.email=t@t',
    '-c',
    'init.defaultBranch=main',
    '-c',
    'protocol.file.allow=always',
  ];
  const { code, stdout, stderr } = await runProgram(['git', ...identity, ...args], { cwd: dir, env });
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

/** git-http-backend behind an http server, as CGI; paths below `/private` want the token. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://host');
  const expected = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  if (url.pathname.startsWith('/private') && request.headers.authorization !== expected) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return;
  }
  const child = spawn('git', ['http-backend'], {
    env: {
      ...env,
      GIT_PROJECT_ROOT: repositories,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(child.stdin);
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.on('close', () => {
    const all = Buffer.concat(out);
    const end = all.indexOf('\r\n\r\n');
    for (const line of all.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ');
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(all.subarray(end + 4));
  });
}

const skip = findProgram('git') ? false : 'git is not installed';

before(async () => {
  if (skip) return;
  const work = join(root, 'work');
  const inner = join(root, 'inner');
  for (const dir of [work, inner, join(repositories, 'private')]) mkdirSync(dir, { recursive: true });
  server = createServer(serve);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await git(inner, 'init', '-q');
  writeFileSync(join(inner, 'inner.txt'), 'inner');
  await git(inner, 'add', '.');
  await git(inner, 'commit', '-qm', 'inner');
  await git(root, 'clone', '-q', '--bare', inner, join(repositories, 'inner.git'));
  await git(work, 'init', '-q');
  const seen: string[] = [];
  for (const version of ['one', 'two', 'three']) {
    mkdirSync(join(work, 'sub'), { recursive: true });
    writeFileSync(join(work, 'sub/version'), version);
    writeFileSync(join(work, 'Dockerfile'), 'FROM scratch\n');
    if (version === 'two') symlinkSync('../..', join(work, 'out'));
    if (version === 'three') await git(work, 'submodule', '-q', 'add', `${base}/inner.git`, 'mod');
    await git(work, 'add', '.');
    await git(work, 'commit', '-qm', version);
    seen.push(await git(work, 'rev-parse', 'HEAD'));
    if (version === 'one') await git(work, 'tag', 'v1');
  }
  commits = seen;
  await git(work, 'branch', 'feature/x', 'v1');
  await git(root, 'clone', '-q', '--bare', work, join(repositories, 'app.git'));
  await git(root, 'clone', '-q', '--bare', work, join(repositories, 'private/app.git'));
});
after(async () => {
  if (!skip) await new Promise(resolve => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
});

function request(reference: string): ContextRequest {
  const scratchDir = join(root, `scratch-${count++}`);
  mkdirSync(scratchDir);
  return { reference, cwd: root, scratchDir };
}

describe('git contexts', { skip }, () => {
  const source = gitSource(env);
  const versionAt = async (fragment: string): Promise<string> =>
    readFileSync(join((await source.open(request(`${base}/app.git${fragment}`), signal)).dir, 'sub/version'), 'utf8');

  it('are the newest commit of the default branch, with submodules and without .git', async () => {
    const { dir, description } = await source.open(request(`${base}/app.git`), signal);
    assert.deepEqual(readdirSync(dir).sort(), ['.gitmodules', 'Dockerfile', 'mod', 'out', 'sub']);
    assert.deepEqual(readdirSync(join(dir, 'mod')), ['inner.txt']);
    assert.equal(description, `${base}/app.git`);
  });

  it('may name commits of others without saying where those are', async () => {
    const work = join(root, 'work');
    await git(work, 'checkout', '-q', '-b', 'orphan', 'v1');
    await git(work, 'update-index', '--add', '--cacheinfo', `160000,${commits[0]},gone`);
    await git(work, 'commit', '-qm', 'orphan');
    await git(work, 'push', '-q', join(repositories, 'app.git'), 'orphan');
    const { dir } = await source.open(request(`${base}/app.git#orphan`), signal);
    assert.deepEqual(readdirSync(join(dir, 'gone')), []);
  });

  it('are branches, tags and commits, short ones too', async () => {
    assert.equal(await versionAt('#v1'), 'one');
    assert.equal(await versionAt('#feature/x'), 'one');
    assert.equal(await versionAt('#refs/heads/main'), 'three');
    assert.equal(await versionAt(`#${commits[1]}`), 'two');
    assert.equal(await versionAt(`#${commits[1]?.slice(0, 8)}`), 'two');
    assert.equal(await versionAt(`#refs/heads/main#${commits[2]}`), 'three');
    assert.equal(await versionAt('?tag=v1'), 'one');
  });

  it('are one commit deep, with .git where asked', async () => {
    const { dir } = await source.open(request(`${base}/app.git?keep-git-dir=true`), signal);
    assert.equal(await git(dir, 'rev-list', '--count', 'HEAD'), '1');
  });

  it('are a folder of the repository, and never one outside', async () => {
    assert.deepEqual(readdirSync((await source.open(request(`${base}/app.git#main:sub`), signal)).dir), ['version']);
    await assert.rejects(source.open(request(`${base}/app.git#main:none`), signal), { code: 'E_CONTEXT_NOT_FOUND' });
    for (const subdir of ['out', '../..'])
      await assert.rejects(source.open(request(`${base}/app.git#main:${subdir}`), signal), {
        code: 'E_CONTEXT_INVALID',
      });
  });

  it('that are not there are told apart', async () => {
    await assert.rejects(source.open(request(`${base}/app.git#nowhere`), signal), {
      code: 'E_CONTEXT_NOT_FOUND',
      message: `${base}/app.git has no nowhere`,
    });
    await assert.rejects(source.open(request(`${base}/missing.git`), signal), { code: 'E_CONTEXT_NOT_FOUND' });
    await assert.rejects(source.open(request(`${base}/app.git#main#${commits[0]}`), signal), {
      code: 'E_CONTEXT_INVALID',
    });
  });

  it('end with the signal', async () => {
    const stop = new AbortController();
    const opening = source.open(request(`${base}/app.git`), stop.signal);
    stop.abort(new Error('stopped'));
    await assert.rejects(opening, /stopped/);
  });
});

/** A stand-in for ssh: what it was given, and `git-upload-pack` of this machine. */
const sshStub = `#!/bin/sh
echo "$SSH_AUTH_SOCK $*" >> "$0.log"
while [ "$1" != git@example.test ]; do shift; done
shift
exec sh -c "$*"
`;

describe('git contexts by ssh', { skip }, () => {
  const reference = `ssh://git@example.test${repositories}/app.git?submodules=0`;
  const stub = (name: string, text = sshStub): string => {
    writeFileSync(join(root, name), text, { mode: 0o755 });
    return join(root, name);
  };

  it('go through the program that the user has set up, in each way that git has', async () => {
    const home = join(root, 'home-with-ssh');
    mkdirSync(home);
    writeFileSync(join(home, '.gitconfig'), `[core]\n\tsshCommand = ${stub('ssh-configured')}\n`);
    for (const [name, more] of [
      ['ssh-command', { GIT_SSH_COMMAND: stub('ssh-command') }],
      ['ssh-program', { GIT_SSH: stub('ssh-program') }],
      ['ssh-configured', { HOME: home }],
    ] as const) {
      await gitSource({ ...env, ...more }).open(request(reference), signal);
      assert.match(readFileSync(join(root, `${name}.log`), 'utf8'), /git-upload-pack/);
    }
  });

  it('get the agent that the build was given', async () => {
    const asked = { ...request(reference), sshAgent: '/given/agent' };
    await gitSource({ ...env, SSH_AUTH_SOCK: '/own/agent', GIT_SSH: stub('ssh-agent') }).open(asked, signal);
    assert.match(readFileSync(join(root, 'ssh-agent.log'), 'utf8'), /^\/given\/agent /);
  });

  it('say so where no key is taken', async () => {
    const refusing = stub('ssh-refusing', "#!/bin/sh\necho 'git@host: Permission denied (publickey).' >&2\nexit 255\n");
    await assert.rejects(gitSource({ ...env, GIT_SSH: refusing }).open(request(reference), signal), {
      code: 'E_CONTEXT_NOT_FOUND',
      message: /takes no key of ours/,
      hint: /ssh-add/,
    });
  });
});

describe('git contexts that want a token', { skip }, () => {
  it('get it from the environment of the builder, and it is in no file', async () => {
    const asked = request(`${base}/private/app.git?keep-git-dir=1&submodules=0`);
    const { dir, description } = await gitSource({ ...env, GIT_AUTH_TOKEN: token }).open(asked, signal);
    assert.ok(existsSync(join(dir, 'Dockerfile')));
    assert.ok(!description.includes(token));
    const found = await runProgram(['grep', '-r', token, asked.scratchDir]);
    assert.equal(found.stdout, '');
  });

  it('get it from the URL', async () => {
    const reference = `${base.replace('//', `//x-access-token:${token}@`)}/private/app.git`;
    const { dir, description } = await gitSource(env).open(request(reference), signal);
    assert.ok(existsSync(join(dir, 'Dockerfile')));
    assert.ok(!description.includes(token));
  });

  it('get it from a secret of the build', async () => {
    const secret = async (id: string): Promise<Uint8Array | undefined> =>
      id === 'GIT_AUTH_TOKEN' ? Buffer.from(`${token}\n`) : undefined;
    const asked = { ...request(`${base}/private/app.git?submodules=0`), secret };
    const { dir } = await gitSource(env).open(asked, signal);
    assert.ok(existsSync(join(dir, 'Dockerfile')));
  });

  it('neither ask the helpers of the user for it nor leave it with them', async () => {
    const home = join(root, 'home-with-helper');
    mkdirSync(home);
    const kept = join(home, '.git-credentials');
    const stale = `${base.replace('//', '//x-access-token:stale@')}\n`;
    writeFileSync(join(home, '.gitconfig'), '[credential]\n\thelper = store\n');
    const reference = `${base}/private/app.git?submodules=0`;
    for (const before of [stale, '']) {
      writeFileSync(kept, before);
      await gitSource({ ...env, HOME: home, GIT_AUTH_TOKEN: token }).open(request(reference), signal);
      assert.equal(readFileSync(kept, 'utf8'), before);
    }
    // Where the build was given nothing, they are what the user has set up for this.
    writeFileSync(kept, `${base.replace('//', `//x-access-token:${token}@`).replace(/:(\d+)$/, '%3a$1')}\n`);
    const { dir } = await gitSource({ ...env, HOME: home }).open(request(reference), signal);
    assert.ok(existsSync(join(dir, 'Dockerfile')));
  });

  it('say so where there is none or a wrong one', async () => {
    for (const more of [{}, { GIT_AUTH_TOKEN: 'wrong' }])
      await assert.rejects(gitSource({ ...env, ...more }).open(request(`${base}/private/app.git`), signal), {
        code: 'E_CONTEXT_NOT_FOUND',
        message: `${base}/private/app.git wants credentials`,
      });
  });
});

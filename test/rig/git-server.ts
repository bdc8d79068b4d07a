import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { must } from './run.js';
import { freePort, type Service, startService } from './service.js';
import type { Workbench } from './workbench.js';

/** A git server over http or https on a loopback port. */
export interface GitServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What came so far: path, whether with credentials, the text of the body. */
  readonly requests: readonly GitRequest[];
}

export interface GitRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface GitServerOptions {
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Wanted for everything. */
  readonly account?: { readonly username: string; readonly password: string };
}

/** Serves the bare repositories of a folder with git's own `http-backend`; it ends with the workbench. */
export async function startGitServer(
  bench: Workbench,
  repositories: string,
  { tls, account }: GitServerOptions = {},
): Promise<GitServer> {
  const requests: GitRequest[] = [];
  const wanted = account && `Basic ${Buffer.from(`${account.username}:${account.password}`).toString('base64')}`;
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { authorization } = request.headers;
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    requests.push({ path: request.url ?? '', authorization, body: text.toString('latin1') });
    if (wanted !== undefined && authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    await answer(backend(request, repositories), body, response);
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    listener(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { readonly port: number }).port));
  });
  bench.onClose(
    () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, requests };
}

/** Serves the bare repositories of a folder by git's own protocol. Gives `git://127.0.0.1:PORT`. */
export async function startGitDaemon(bench: Workbench, repositories: string): Promise<string> {
  const port = await freePort();
  const url = `git://127.0.0.1:${port}`;
  const base = ['--export-all', `--base-path=${repositories}`, '--listen=127.0.0.1', `--port=${port}`, '--reuseaddr'];
  const service: Service = await startService(bench, {
    name: `git-daemon-${port}`,
    program: 'git',
    args: ['daemon', ...base, repositories],
    ready: async () => (await must('git', ['ls-remote', `${url}/app.git`])) !== undefined,
  });
  bench.onClose(service.stop);
  return url;
}

/** What a commit of {@link makeRepository} does before everything is added: writes files, adds a submodule. */
export type Change = (folder: string) => void | Promise<void>;

/** Makes a bare repository `NAME.git` below a folder, with one commit a change, on `main`. Gives the commits' ids. */
export async function makeRepository(
  repositories: string,
  name: string,
  changes: readonly Change[],
): Promise<readonly string[]> {
  const work = join(repositories, `.work-${name}`);
  mkdirSync(work, { recursive: true });
  await git(work, 'init', '-q');
  const commits: string[] = [];
  for (const [index, change] of changes.entries()) {
    await change(work);
    await git(work, 'add', '--all');
    await git(work, 'commit', '-qm', `commit ${index + 1}`);
    await git(work, 'tag', `v${index + 1}`);
    commits.push((await git(work, 'rev-parse', 'HEAD')).trim());
  }
  await git(repositories, 'clone', '-q', '--bare', work, join(repositories, `${name}.git`));
  return commits;
}

/** Runs git as somebody, with nothing of the settings of whoever runs the tests. */
export function git(folder: string, ...args: readonly string[]): Promise<string> {
  const settings = ['user.name=t', 'user.email=t@t', 'init.defaultBranch=main', 'protocol.file.allow=always'];
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  return must('git', [...settings.flatMap(setting => ['-c', setting]), ...args], { cwd: folder, env });
}

function backend(request: IncomingMessage, repositories: string): ChildProcess {
  const url = new URL(request.url ?? '/', 'http://host');
  const env = {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: repositories,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: url.pathname,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    GIT_PROTOCOL: request.headers['git-protocol']?.toString(),
  };
  return spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
}

/** Turns what a CGI program writes into an answer. */
async function answer(child: ChildProcess, body: Buffer, response: ServerResponse): Promise<void> {
  child.stdin?.on('error', () => {});
  child.stdin?.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  const end = all.indexOf('\r\n\r\n');
  for (const line of all.subarray(0, end).toString().split('\r\n')) {
    const [name = '', value = ''] = line.split(': ');
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(all.subarray(end + 4));
}

import { spawn } from 'node:child_process';
import { OciError } from '../errors.js';
import type { Credential } from './credential.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Which helper is called, in which environment. */
export interface HelperCall {
  /** Name behind `docker-credential-`. */
  readonly helper: string;
  readonly env: Env;
  readonly signal?: AbortSignal | undefined;
}

const longestRun = 120_000;
const largestOutput = 1024 * 1024;

/** Asks a credential helper for a server's credential; undefined where it has none. E_CREDENTIALS. */
export async function helperGet(call: HelperCall, server: string): Promise<Credential | undefined> {
  const { code, stdout } = await runHelper(call, 'get', server);
  if (code !== 0) {
    if (/credentials not found|no credentials|not logged in/i.test(stdout)) return undefined;
    throw failed(call, 'get', code);
  }
  const { Username: username, Secret: secret } = readAnswer(call, stdout);
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed(call, 'get', code);
  if (username === '' && secret === '') return undefined;
  return username === '<token>' ? { identityToken: secret } : { username, password: secret };
}

/** Gives a credential to a helper to keep. The secret goes by its standard input, never by an argument. E_CREDENTIALS. */
export async function helperStore(call: HelperCall, server: string, credential: Credential): Promise<void> {
  const { username, password, identityToken } = credential;
  const entry =
    identityToken === undefined
      ? { ServerURL: server, Username: username ?? '', Secret: password ?? '' }
      : { ServerURL: server, Username: '<token>', Secret: identityToken };
  const { code } = await runHelper(call, 'store', JSON.stringify(entry));
  if (code !== 0) throw failed(call, 'store', code);
}

/** Lets a helper forget a server; false where it knew nothing of it. E_CREDENTIALS. */
export async function helperErase(call: HelperCall, server: string): Promise<boolean> {
  if ((await helperGet(call, server)) === undefined) return false;
  const { code } = await runHelper(call, 'erase', server);
  if (code !== 0) throw failed(call, 'erase', code);
  return true;
}

function runHelper(
  { helper, env, signal }: HelperCall,
  verb: 'get' | 'store' | 'erase',
  input: string,
): Promise<{ readonly code: number; readonly stdout: string }> {
  const program = `docker-credential-${helper}`;
  if (!/^[A-Za-z0-9_.-]+$/.test(helper)) {
    throw new OciError('E_CREDENTIALS', `${JSON.stringify(helper)} cannot be the name of a credential helper`);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
    const stop = (): void => {
      child.kill('SIGKILL');
    };
    const timer = setTimeout(stop, longestRun);
    signal?.addEventListener('abort', stop, { once: true });
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < largestOutput) stdout += text;
    });
    child.on('error', cause => {
      settle();
      reject(
        new OciError('E_CREDENTIALS', `the credential helper ${program} cannot be run`, {
          hint: 'install it, or take it out of credsStore and credHelpers in config.json',
          cause,
        }),
      );
    });
    child.on('close', code => {
      settle();
      if (signal?.aborted === true) reject(signal.reason);
      else resolve({ code: code ?? 1, stdout });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function readAnswer(call: HelperCall, stdout: string): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(stdout);
    if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
  } catch {
    // Its text may be a secret: the error says only that it is not what it should be.
  }
  throw failed(call, 'get', 0);
}

function failed({ helper }: HelperCall, verb: string, code: number): OciError {
  const how = code === 0 ? 'gives no credential that can be read' : `fails with exit code ${code}`;
  return new OciError('E_CREDENTIALS', `docker-credential-${helper} ${verb} ${how}`, {
    hint: 'run the helper by hand to see why',
  });
}

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { codeOf, OciError } from '../errors.js';
import type { Credential } from './credential.js';
import { normalizeKey } from './registry-key.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The parts of `config.json` and `auth.json` that concern credentials. */
export interface AuthFile {
  /** For messages: the path, or the variable's name. */
  readonly where: string;
  /** Credentials by normalised key: `docker.io`, `ghcr.io/user`. */
  readonly auths: ReadonlyMap<string, Credential>;
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

/** The file that `docker login` writes. */
export function dockerConfigPath(env: Env): string {
  return join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
}

/** Every place that may hold credentials, first come first served. */
export function authFilePaths(env: Env): readonly string[] {
  const home = env.HOME || homedir();
  const uid = process.getuid?.() ?? 0;
  const runtime = env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'containers') : `/run/containers/${uid}`;
  return [
    ...(env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE] : []),
    dockerConfigPath(env),
    join(runtime, 'auth.json'),
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'containers/auth.json'),
  ];
}

/** All credential files that are there, after DOCKER_AUTH_CONFIG. E_CREDENTIALS where one cannot be read. */
export async function readAuthFiles(env: Env): Promise<readonly AuthFile[]> {
  const inline = env.DOCKER_AUTH_CONFIG ? [parseAuthFile(env.DOCKER_AUTH_CONFIG, 'DOCKER_AUTH_CONFIG')] : [];
  const files = await Promise.all([...new Set(authFilePaths(env))].map(readAuthFile));
  return [...inline, ...files.filter(file => file !== undefined)];
}

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  try {
    return parseAuthFile(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof OciError) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new OciError('E_CREDENTIALS', `${path} cannot be read (${code ?? 'unknown'})`, { cause: error });
  }
}

/** Reads the text of a credential file. E_CREDENTIALS, without any of the text. */
function parseAuthFile(text: string, where: string): AuthFile {
  const json = parseObject(text, where);
  const auths = new Map<string, Credential>();
  for (const [key, entry] of Object.entries(objectOf(json.auths))) {
    const credential = readEntry(objectOf(entry), `${key} in ${where}`);
    if (credential !== undefined) auths.set(normalizeKey(key), credential);
  }
  const helpers = Object.entries(objectOf(json.credHelpers)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    where,
    auths,
    credHelpers: new Map(helpers.map(([key, helper]) => [normalizeKey(key), helper])),
    credsStore: typeof json.credsStore === 'string' && json.credsStore !== '' ? json.credsStore : undefined,
  };
}

function readEntry(entry: Readonly<Record<string, unknown>>, where: string): Credential | undefined {
  const text = (name: string): string | undefined =>
    typeof entry[name] === 'string' && entry[name] !== '' ? entry[name] : undefined;
  const pair = text('auth') === undefined ? undefined : decodePair(text('auth') ?? '', where);
  const username = text('username') ?? pair?.username;
  const password = text('password') ?? pair?.password;
  const identityToken = text('identitytoken') ?? (username === '<token>' ? password : undefined);
  const registryToken = text('registrytoken');
  const credential: Credential = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined || username === '<token>' ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
  return Object.keys(credential).length === 0 ? undefined : credential;
}

function decodePair(auth: string, where: string): { readonly username: string; readonly password: string } {
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw new OciError('E_CREDENTIALS', `the auth of ${where} is not base64 of NAME:PASSWORD`, {
      hint: 'log in again',
    });
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A credential file as plain JSON, to be changed and written again. E_CREDENTIALS. */
export function parseObject(text: string, where: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch {
    // Node's message quotes the text, which may hold a secret.
  }
  throw new OciError('E_CREDENTIALS', `${where} is not a JSON object`, {
    hint: 'repair or remove it, and log in again',
  });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

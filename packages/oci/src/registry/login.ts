import { mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Credential } from '../auth/credential.js';
import { dockerConfigPath, parseObject } from '../auth/docker-config.js';
import { helperErase, helperStore } from '../auth/helper.js';
import { normalizeKey, serverName } from '../auth/registry-key.js';
import { singleCredential } from '../auth/single-credential.js';
import { codeOf, OciError } from '../errors.js';
import { writeFileAtomic } from '../layout/atomic-file.js';
import { isRegistryHost } from '../reference.js';
import { openRegistryClient } from './client.js';
import type { RegistryClientOptions, RequestOptions } from './types.js';

/** Where a credential was put, or taken from. */
export type CredentialPlace = { readonly file: string } | { readonly helper: string };

/** Tries a credential and keeps it; the work of the public `login`. */
export async function login(
  registry: string,
  credential: Credential,
  options: Omit<RegistryClientOptions, 'credentials'> & RequestOptions = {},
): Promise<CredentialPlace> {
  const host = hostOf(registry);
  const client = openRegistryClient({ ...options, credentials: singleCredential(host, credential) });
  try {
    await client.ping(host, options);
  } finally {
    await client.close();
  }
  const env = options.env ?? process.env;
  const config = await readConfig(dockerConfigPath(env));
  const helper = helperFor(config.json, host);
  if (helper !== undefined) {
    await helperStore({ helper, env, signal: options.signal }, serverName(host), credential);
    return { helper };
  }
  const auths = { ...objectOf(config.json.auths), [serverName(host)]: entryOf(credential) };
  await writeConfig(config.path, { ...config.json, auths });
  return { file: config.path };
}

/** The work of the public `logout`. */
export async function logout(
  registry: string,
  options: Pick<RegistryClientOptions, 'env'> & RequestOptions = {},
): Promise<boolean> {
  const host = hostOf(registry);
  const env = options.env ?? process.env;
  const config = await readConfig(dockerConfigPath(env));
  const helper = helperFor(config.json, host);
  const erased = helper !== undefined && (await helperErase({ helper, env, signal: options.signal }, serverName(host)));
  const entries = Object.entries(objectOf(config.json.auths));
  const kept = entries.filter(([key]) => normalizeKey(key) !== host);
  if (kept.length === entries.length) return erased;
  await writeConfig(config.path, { ...config.json, auths: Object.fromEntries(kept) });
  return true;
}

function hostOf(registry: string): string {
  const host = normalizeKey(registry);
  if (isRegistryHost(host)) return host;
  throw new OciError('E_BAD_REFERENCE', `${JSON.stringify(registry)} is not a registry`, { hint: 'write HOST[:PORT]' });
}

function helperFor(json: Readonly<Record<string, unknown>>, host: string): string | undefined {
  const own = Object.entries(objectOf(json.credHelpers)).find(([key]) => normalizeKey(key) === host)?.[1];
  const helper = own ?? json.credsStore;
  return typeof helper === 'string' && helper !== '' ? helper : undefined;
}

function entryOf({ username, password, identityToken, registryToken }: Credential): Readonly<Record<string, string>> {
  if (username?.includes(':') === true) {
    throw new OciError('E_CREDENTIALS', 'a user name with a colon in it cannot be kept in config.json');
  }
  const auth = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return {
    ...(username === undefined ? {} : { auth }),
    ...(identityToken === undefined ? {} : { identitytoken: identityToken }),
    ...(registryToken === undefined ? {} : { registrytoken: registryToken }),
  };
}

/** The file behind `config.json`, should that be a link, and what it says. */
async function readConfig(named: string): Promise<{ readonly path: string; readonly json: Record<string, unknown> }> {
  const path = await realpath(named).catch(() => named);
  try {
    return { path, json: parseObject(await readFile(path, 'utf8'), path) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return { path, json: {} };
    throw error;
  }
}

async function writeConfig(path: string, json: Readonly<Record<string, unknown>>): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, `${JSON.stringify(json, undefined, '\t')}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new OciError('E_CREDENTIALS', `${path} cannot be written (${codeOf(cause) ?? 'unknown'})`, { cause });
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

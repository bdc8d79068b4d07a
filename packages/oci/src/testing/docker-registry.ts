import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, freePort, runProgram } from './programs.js';
import type { TokenIssuer } from './token-service.js';

export interface DockerRegistryOptions {
  /** Wants this name and password (htpasswd). */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Wants tokens of this service instead; see `startTokenService`. */
  readonly tokens?: TokenIssuer;
  /** PEM texts; with `clientCa` clients need a certificate. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** Pull through: a mirror of this address. */
  readonly proxyOf?: string;
  /** Where its folder is made. Default: the system's temporary folder. */
  readonly tmp?: string;
}

/** A docker-registry process of our own. */
export interface DockerRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly port: number;
  /** Its storage folder. */
  readonly dir: string;
  readonly close: () => Promise<void>;
}

/**
 * Runs the `docker-registry` of Debian (distribution 2.8) on a free port of the loopback address, in a temporary folder.
 * @returns why not, where a program is missing.
 */
export async function startDockerRegistry(
  options: DockerRegistryOptions = {},
): Promise<DockerRegistry | { readonly missing: string }> {
  const program = findProgram('docker-registry');
  if (program === undefined) return { missing: 'docker-registry is not installed' };
  const htpasswd = options.auth === undefined ? undefined : findProgram('htpasswd');
  if (options.auth !== undefined && htpasswd === undefined)
    return { missing: 'htpasswd (apache2-utils) is not installed' };
  const dir = await mkdtemp(join(options.tmp ?? tmpdir(), 'varve-registry-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      await writeConfig(dir, port, options, htpasswd);
      const child = spawn(program, ['serve', join(dir, 'config.yml')], { stdio: 'ignore', env: cleanEnvironment() });
      if (await listens(child, port)) return started(child, port, dir);
      child.kill('SIGKILL');
      if (attempt === 3) throw new Error('docker-registry does not start');
    }
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

function started(child: ChildProcess, port: number, dir: string): DockerRegistry {
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    await rm(dir, { recursive: true, force: true });
  };
  return { host: `127.0.0.1:${port}`, port, dir: join(dir, 'data'), close };
}

async function writeConfig(
  dir: string,
  port: number,
  options: DockerRegistryOptions,
  htpasswd: string | undefined,
): Promise<void> {
  const { auth, tls, proxyOf } = options;
  const data = join(dir, 'data');
  await mkdir(data, { recursive: true });
  const http: Record<string, unknown> = { addr: `127.0.0.1:${port}` };
  if (tls !== undefined) {
    await writeFile(join(dir, 'cert.pem'), tls.cert);
    await writeFile(join(dir, 'key.pem'), tls.key, { mode: 0o600 });
    if (tls.clientCa !== undefined) await writeFile(join(dir, 'clients.pem'), tls.clientCa);
    http.tls = {
      certificate: join(dir, 'cert.pem'),
      key: join(dir, 'key.pem'),
      ...(tls.clientCa === undefined ? {} : { clientcas: [join(dir, 'clients.pem')] }),
    };
  }
  const config: Record<string, unknown> = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: data },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http,
    ...(proxyOf === undefined ? {} : { proxy: { remoteurl: proxyOf } }),
  };
  if (auth !== undefined && htpasswd !== undefined) {
    const { code, stdout } = await runProgram([htpasswd, '-niB', auth.username], { input: auth.password });
    if (code !== 0) throw new Error('htpasswd failed');
    await writeFile(join(dir, 'htpasswd'), stdout, { mode: 0o600 });
    config.auth = { htpasswd: { realm: 'varve tests', path: join(dir, 'htpasswd') } };
  }
  if (options.tokens !== undefined) {
    const { realm, service, issuer, ca } = options.tokens;
    await writeFile(join(dir, 'token-ca.pem'), ca);
    config.auth = { token: { realm, service, issuer, rootcertbundle: join(dir, 'token-ca.pem') } };
  }
  await writeFile(join(dir, 'config.yml'), JSON.stringify(config));
}

/** docker-registry reads settings from REGISTRY_*: none of ours may leak in. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('REGISTRY_'));
  return { ...Object.fromEntries(kept), OTEL_TRACES_EXPORTER: 'none' };
}

async function listens(child: ChildProcess, port: number): Promise<boolean> {
  let ended = false;
  child.once('error', () => {
    ended = true;
  });
  for (let wait = 0; wait < 400; wait++) {
    if (ended || child.exitCode !== null) return false;
    if (await connects(port)) return true;
    await sleep(25);
  }
  return false;
}

function connects(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

import { spawn } from 'node:child_process';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { BuildResult, OutputSpec } from '@varve/engine';
import { CliError } from '../errors/cli-error.js';

type Env = Readonly<Record<string, string | undefined>>;

/** An archive on its way to `docker load`. */
export interface PreparedLoad {
  /** What the engine is to write. */
  readonly output: OutputSpec;
  /** Loads what was written; the result names Docker where it named our file. Errors: `E_LOAD_FAILED`. */
  send(result: BuildResult, signal: AbortSignal): Promise<BuildResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes room for the archive in a folder below the system's temporary one (TMPDIR), after a look whether there is a Docker to load it
 * into. Errors: `E_NO_DOCKER`.
 */
export async function prepareLoad(output: OutputSpec, env: Env): Promise<PreparedLoad> {
  await requireDocker(env);
  const dir = await mkdtemp(join(tmpdir(), 'varve-load-'));
  const path = join(dir, 'image.tar');
  return {
    output: { type: output.type, attributes: { ...output.attributes, dest: path } },
    async send(result, signal) {
      const said = await dockerLoad(path, env, signal);
      const target = said.split('\n').at(-1) ?? 'docker load';
      return { ...result, exports: result.exports.map(each => (each.target === path ? { ...each, target } : each)) };
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Errors: `E_NO_DOCKER` where `docker` is not in an absolute folder of PATH. */
async function requireDocker(env: Env): Promise<string> {
  for (const dir of (env.PATH ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(dir, 'docker');
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new CliError('E_NO_DOCKER', 'the image was to be loaded into Docker, and there is no docker command in PATH', {
    hint: 'install it, or write an archive that any tool can load: -o type=docker,dest=image.tar',
  });
}

/** Gives an archive to `docker load`; resolves with what it said. Errors: `E_LOAD_FAILED`. */
async function dockerLoad(path: string, env: Env, signal: AbortSignal): Promise<string> {
  const docker = await requireDocker(env);
  const child = spawn(docker, ['load', '--input', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    env: { ...env },
  });
  let said = '';
  const gather = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-8192);
  };
  child.stdout.on('data', gather);
  child.stderr.on('data', gather);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    throw new CliError('E_LOAD_FAILED', `docker load ended with ${code ?? 'a signal'}: ${said.trim()}`, {
      hint: 'see whether docker info works; the image itself was built and is in the cache',
    });
  }
  return said.trim();
}

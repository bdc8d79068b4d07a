import { isAbsolute, join, resolve } from 'node:path';
import { type FlagValues, listOf, textOf } from '../flags/flag-spec.js';
import { splitFullPair } from '../options/key-value.js';
import { BadValue, type Problems } from '../options/problems.js';
import { goTruth } from './go-truth.js';
import type { KanikoSurroundings } from './surroundings.js';

/** A context of kaniko in the words of `varve build`. */
export interface MappedContext {
  readonly context: string;
  /** Folder of it, where the context itself cannot say so. */
  readonly folder?: string;
  /** For `--file`; absent: `Dockerfile` in the context. */
  readonly file?: string;
  /** To be set in the environment of git. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where kaniko's users put the context. */
const defaultContext = '/workspace/';

/** `--context`, `--context-sub-path`, `--git` and `--dockerfile`. What is wrong goes to `problems`. */
export function mapContext(flags: FlagValues, around: KanikoSurroundings, problems: Problems): MappedContext {
  const text = textOf(flags, 'context') ?? defaultContext;
  const folder = (textOf(flags, 'context-sub-path') ?? '').replace(/^\/+|\/+$/g, '');
  const git = gitOptions(flags, problems);
  const place = problems.attempt('--context', text, value => mapPlace(value, folder, git, around));
  const { context, ...rest } = place ?? { context: text };
  const local = place?.isFolder === true ? resolve(around.cwd, context) : undefined;
  const file = problems.attempt('--dockerfile', textOf(flags, 'dockerfile') ?? 'Dockerfile', value =>
    mapDockerfile(value, local, around),
  );
  return {
    context,
    ...(rest.folder === undefined ? {} : { folder: rest.folder }),
    ...(file === undefined ? {} : { file }),
    env: git.insecure ? { GIT_SSL_NO_VERIFY: 'true' } : {},
  };
}

interface Place {
  readonly context: string;
  readonly folder?: string;
  /** A folder of this machine. */
  readonly isFolder?: true;
}

function mapPlace(text: string, folder: string, git: GitOptions, { env }: KanikoSurroundings): Place {
  const [, scheme = '', rest = ''] = /^([a-z0-9+]+):\/\/(.*)$/is.exec(text) ?? [];
  const part = folder === '' ? {} : { folder };
  switch (scheme.toLowerCase()) {
    case '':
      return { context: join(text, folder), isFolder: true };
    case 'dir':
      return { context: join(rest, folder), isFolder: true };
    case 'tar':
      return { context: rest === 'stdin' ? '-' : rest, ...part };
    case 'git':
      return { context: gitContext(rest, folder, git, env) };
    case 'http':
    case 'https':
      return { context: text, ...part };
    case 'gs':
    case 's3':
      throw new BadValue(
        `a context in a bucket is not supported: give the https:// address of the archive, signed where it must be`,
      );
    default:
      throw new BadValue('a context begins with dir://, tar://, git:// or https://');
  }
}

/**
 * kaniko's `git://HOST/PATH[#REF[#COMMIT]]` means https, or what GIT_PULL_METHOD says; it checks out the commit whatever REF points to,
 * and no submodules unless `--git recurse-submodules=true` asks for them.
 */
function gitContext(
  rest: string,
  folder: string,
  { branch, submodules }: GitOptions,
  env: KanikoSurroundings['env'],
): string {
  const [address = '', ref = '', commit = ''] = rest.split('#');
  const method = env.GIT_PULL_METHOD === 'http' ? 'http' : 'https';
  const asked = new URLSearchParams();
  if (commit !== '') asked.set('commit', commit);
  else if (branch !== undefined) asked.set('ref', branch);
  else if (ref !== '') asked.set('ref', ref);
  if (folder !== '') asked.set('subdir', folder);
  asked.set('submodules', String(submodules));
  return `git+${method}://${address}?${asked}`;
}

interface GitOptions {
  readonly branch?: string;
  readonly submodules: boolean;
  readonly insecure: boolean;
}

const gitSwitches: readonly string[] = ['single-branch', 'recurse-submodules', 'insecure-skip-tls'];

function gitOptions(flags: FlagValues, problems: Problems): GitOptions {
  const given = new Map<string, string>();
  problems.attemptAll(
    '--git',
    listOf(flags, 'git').flatMap(value => value.split(',')),
    pair => {
      const { name, value } = splitFullPair(pair);
      if (name === 'depth' && !/^\d+$/.test(value)) throw new BadValue('depth is a number');
      if (gitSwitches.includes(name)) given.set(name, String(goTruth(value, name)));
      else if (name === 'branch' || name === 'depth') given.set(name, value);
      else throw new BadValue(`it is branch, depth, ${gitSwitches.join(', ')}`);
    },
  );
  const branch = given.get('branch') || undefined;
  return {
    ...(branch === undefined ? {} : { branch }),
    submodules: given.get('recurse-submodules') === 'true',
    insecure: given.get('insecure-skip-tls') === 'true',
  };
}

/** From the working directory where it is there, else in the context, as kaniko looks for it. */
function mapDockerfile(name: string, folder: string | undefined, { cwd, exists }: KanikoSurroundings): string {
  if (/^https?:\/\//.test(name))
    throw new BadValue('a Dockerfile is not downloaded: put it into the context, or mount it and give its path');
  const here = resolve(cwd, name);
  if (isAbsolute(name) || exists(here)) return here;
  return folder === undefined ? name : join(folder, name);
}

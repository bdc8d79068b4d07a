import { spawn } from 'node:child_process';
import { killGroup } from '../../sys/kill-group.js';
import { invalidContext } from '../invalid.js';

type Env = Readonly<Record<string, string | undefined>>;

/** What of the builder's environment git gets: how to find and reach things, and nothing that could be a secret of others. */
const passedOn =
  /^(PATH|HOME|USER|TMPDIR|XDG_CONFIG_HOME|SSH_AUTH_SOCK|GIT_SSH|GIT_SSH_COMMAND|GIT_EXEC_PATH|GIT_SSL_[A-Z_]+|SSL_CERT_(FILE|DIR)|(https?|no|all)_proxy)$/i;

/** Settings that keep a stranger's repository from running or reaching anything of ours. */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.ext.allow=never',
  'protocol.file.allow=user',
  'advice.detachedHead=false',
  'init.defaultBranch=main',
  'gc.auto=0',
];

/** The shell's exit code where there is no such program. */
const notFound = 127;

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git in a folder. */
export type Git = (...args: readonly string[]) => Promise<GitResult>;

export interface GitSetup {
  readonly env: Env;
  /** Host (and port) whose credentials GIT_ASKPASS gives. The user's own helpers are neither asked for it nor told what they could keep. */
  readonly credentialsFor: string | undefined;
}

/**
 * The git program with an environment of its own. It has no terminal, so that neither git nor ssh asks one. Errors: `E_CONTEXT_INVALID` where
 * it is not installed.
 */
export function gitIn(dir: string, { env, credentialsFor }: GitSetup, signal: AbortSignal): Git {
  const own = {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => passedOn.test(name))),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    ...(env.GIT_ASKPASS === undefined ? {} : { GIT_ASKPASS: env.GIT_ASKPASS }),
  };
  const helpers = credentialsFor === undefined ? [] : withoutHelpers(credentialsFor);
  const configured = [...settings, ...helpers].flatMap(setting => ['-c', setting]);
  return (...args) => runGit([...configured, ...args], { dir, env: own, signal });
}

/** An empty value forgets the helpers that were named before. */
function withoutHelpers(host: string): readonly string[] {
  return ['http', 'https'].map(scheme => `credential.${scheme}://${host}.helper=`);
}

function runGit(
  args: readonly string[],
  { dir, env, signal }: { readonly dir: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // Files are 0644 or 0755 whoever builds, as with BuildKit. A process group of its own, so that git's helpers end with it.
    const command = ['-c', 'umask 022 && exec git "$@"', 'git', ...args];
    const child = spawn('sh', command, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const stop = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
    };
    signal.addEventListener('abort', stop, { once: true });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', cause => {
      signal.removeEventListener('abort', stop);
      reject(cause);
    });
    child.once('close', code => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason);
      else if (code === notFound)
        reject(invalidContext('git is not installed, and the context is a git repository', 'install git'));
      else resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

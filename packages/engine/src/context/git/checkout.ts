import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidContext, notFound } from '../invalid.js';
import { describeGit, type GitReference } from './reference.js';
import type { Git, GitResult } from './run-git.js';

const commitLike = /^[0-9a-f]{7,64}$/;

/**
 * Brings one commit of a repository into an empty folder: one commit deep where the server can, with its submodules, without `.git` unless asked.
 * Errors: `E_CONTEXT_NOT_FOUND`, `E_CONTEXT_INVALID`.
 */
export async function checkOut(git: Git, dir: string, reference: GitReference): Promise<void> {
  await must(git('init', '--quiet', '--template=', '.'), reference);
  await must(git('remote', 'add', 'origin', reference.remote), reference);
  const commit = await fetchCommit(git, reference);
  await must(git('checkout', '--quiet', '--force', commit), reference);
  const head = (await must(git('rev-parse', 'HEAD'), reference)).stdout.trim();
  if (reference.commit !== undefined && !head.startsWith(reference.commit))
    throw invalidContext(`${describeGit(reference)} is the commit ${head}, not ${reference.commit}`);
  const modules = reference.submodules ? await checkOutSubmodules(git, dir, reference) : [];
  if (reference.keepGitDir) return forgetTimes(git, dir, reference);
  for (const folder of ['', ...modules]) await rm(join(dir, folder, '.git'), { recursive: true, force: true });
}

/** Leaves nothing in `.git` that is of this checkout rather than of the commit: the log of what HEAD was, what stat says of files. */
async function forgetTimes(git: Git, dir: string, reference: GitReference): Promise<void> {
  for (const name of ['logs', 'index']) await rm(join(dir, '.git', name), { recursive: true, force: true });
  await must(git('read-tree', 'HEAD'), reference);
}

/** Fetches as little as the server allows, and gives what to check out. */
async function fetchCommit(git: Git, reference: GitReference): Promise<string> {
  const { ref = reference.commit ?? 'HEAD' } = reference;
  const shallow = await git('fetch', '--quiet', '--no-tags', '--depth', '1', 'origin', ref);
  if (shallow.code === 0) return 'FETCH_HEAD';
  if (/does not support shallow/.test(shallow.stderr)) {
    const whole = await git('fetch', '--quiet', '--no-tags', 'origin', ref);
    if (whole.code === 0) return 'FETCH_HEAD';
  }
  // A short commit, or one that is no branch's newest on a server that gives no others: it is somewhere in the history.
  if (!commitLike.test(ref)) throw fetchError(shallow, reference);
  const all = await git('fetch', '--quiet', '--tags', 'origin', '+refs/heads/*:refs/remotes/origin/*');
  if (all.code !== 0) throw fetchError(all, reference);
  const found = await git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`);
  if (found.code !== 0) throw fetchError(shallow, reference);
  return found.stdout.trim();
}

async function checkOutSubmodules(git: Git, dir: string, reference: GitReference): Promise<readonly string[]> {
  // A commit of another repository that no line tells the address of is an empty folder, as in a clone.
  if (!existsSync(join(dir, '.gitmodules'))) return [];
  const update = await git('submodule', 'update', '--init', '--recursive', '--quiet', '--depth', '1');
  if (update.code !== 0) await must(git('submodule', 'update', '--init', '--recursive', '--quiet'), reference);
  const { stdout } = await must(
    git('submodule', '--quiet', 'foreach', '--recursive', `printf '%s\\n' "$displaypath"`),
    reference,
  );
  return stdout.split('\n').filter(path => path !== '');
}

async function must(running: Promise<GitResult>, reference: GitReference): Promise<GitResult> {
  const result = await running;
  if (result.code !== 0) throw fetchError(result, reference);
  return result;
}

/** What git said, by its last lines; git itself leaves passwords out of what it prints. */
function fetchError({ stderr }: GitResult, reference: GitReference): Error {
  const shown = describeGit(reference);
  if (/(could not|couldn't) find remote ref|remote branch .* not found|not our ref/i.test(stderr))
    return notFound(
      `${reference.remote} has no ${reference.ref ?? reference.commit ?? 'default branch'}`,
      'name a branch, a tag or a commit after the #',
    );
  if (/could not read (Username|Password)|Authentication failed|terminal prompts disabled/i.test(stderr))
    return notFound(
      `${shown} wants credentials`,
      'set GIT_AUTH_TOKEN, or GIT_USERNAME and GIT_PASSWORD, in the environment',
    );
  if (/Host key verification failed/i.test(stderr))
    return notFound(`the key of ${shown} is not known`, 'add it to ~/.ssh/known_hosts');
  if (/Permission denied \(/.test(stderr))
    return notFound(
      `${shown} takes no key of ours`,
      'add the key to the agent of SSH_AUTH_SOCK (ssh-add), or name an agent that has it by --ssh default=SOCKET',
    );
  const lines = stderr.split('\n').filter(line => /^(fatal|error|ssh|remote):/.test(line));
  return notFound(`${shown} could not be fetched: ${lines.at(0) ?? stderr.trim().split('\n').at(-1) ?? 'git failed'}`);
}

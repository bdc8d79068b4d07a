import { scpLike } from '../../model/git-reference.js';
import { invalidContext } from '../invalid.js';

export { isGitReference } from '../../model/git-reference.js';

/** A git context taken apart. */
export interface GitReference {
  /** What git is given: never with a password. */
  readonly remote: string;
  /** Branch, tag, full ref or commit; absent for the default branch. */
  readonly ref?: string;
  /** Folder of the repository that is the context. */
  readonly subdir?: string;
  /** The commit that the ref must be. */
  readonly commit?: string;
  readonly submodules: boolean;
  readonly keepGitDir: boolean;
  /** User and password that stood in the URL; for its own host alone. */
  readonly user?: string;
  readonly password?: string;
}

/**
 * `URL#REF:SUBDIR`, `URL?ref=…&subdir=…` (also `branch`, `tag`, `commit`, `checksum`, `submodules`, `keep-git-dir`), or kaniko's
 * `URL#REF#COMMIT`. Errors: `E_CONTEXT_INVALID`.
 */
export function parseGitReference(reference: string): GitReference {
  const [address = '', ...fragments] = reference.split('#');
  const [location = '', query] = splitOnce(address, '?');
  const asked = parseQuery(query);
  const [target = '', subdir] = splitOnce(fragments[0] ?? '', ':');
  const ref = asked.ref ?? (target === '' ? undefined : target);
  const commit = asked.commit ?? fragments[1];
  for (const name of [ref, commit]) if (name !== undefined) checkRefName(name);
  const folder = asked.subdir ?? subdir;
  return {
    ...remoteOf(location),
    ...(ref === undefined ? {} : { ref }),
    ...(folder === undefined || folder === '' ? {} : { subdir: folder }),
    ...(commit === undefined || commit === '' ? {} : { commit }),
    submodules: asked.submodules,
    keepGitDir: asked.keepGitDir,
  };
}

/** As shown to people: nothing secret in it. */
export function describeGit({ remote, ref, subdir }: GitReference): string {
  const fragment = `${ref ?? ''}${subdir === undefined ? '' : `:${subdir}`}`;
  return fragment === '' ? remote : `${remote}#${fragment}`;
}

function remoteOf(location: string): Pick<GitReference, 'remote' | 'user' | 'password'> {
  if (location.startsWith('github.com/')) return { remote: `https://${location}` };
  if (scpLike.test(location)) return { remote: location };
  const text = location.replace(/^git\+/i, '');
  if (!URL.canParse(text))
    throw invalidContext(`the context ${JSON.stringify(location.replace(/\/\/[^@/]*@/, '//'))} is no git URL`);
  const url = new URL(text);
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  if (!isHttp) {
    url.password = '';
    return { remote: url.href };
  }
  const [user, password] = [url.username, url.password].map(unescaped);
  url.username = '';
  url.password = '';
  return { remote: url.href, ...(user ? { user } : {}), ...(password ? { password } : {}) };
}

/** A password may have a percent sign that begins no escape. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface Query {
  readonly ref?: string;
  readonly subdir?: string;
  readonly commit?: string;
  readonly submodules: boolean;
  readonly keepGitDir: boolean;
}

function parseQuery(query: string | undefined): Query {
  const asked = new URLSearchParams(query ?? '');
  const known = ['ref', 'branch', 'tag', 'subdir', 'commit', 'checksum', 'submodules', 'keep-git-dir'];
  for (const name of asked.keys())
    if (!known.includes(name))
      throw invalidContext(`a git URL has no parameter ${name}`, `it has: ${known.join(', ')}`);
  const prefixed = (name: string, prefix: string): string | undefined => {
    const value = asked.get(name);
    return value === null ? undefined : `${prefix}${value}`;
  };
  const refs = [prefixed('ref', ''), prefixed('branch', 'refs/heads/'), prefixed('tag', 'refs/tags/')].filter(
    ref => ref !== undefined,
  );
  if (refs.length > 1) throw invalidContext('a git URL names one of ref, branch and tag');
  const subdir = asked.get('subdir');
  const commit = asked.get('commit') ?? asked.get('checksum');
  return {
    ...(refs[0] === undefined ? {} : { ref: refs[0] }),
    ...(subdir === null ? {} : { subdir }),
    ...(commit === null ? {} : { commit }),
    submodules: isOn(asked.get('submodules') ?? 'true'),
    keepGitDir: isOn(asked.get('keep-git-dir') ?? 'false'),
  };
}

function isOn(value: string): boolean {
  return value === '' || value === '1' || value === 'true';
}

/** What git takes for a ref, and never for an option or a range (git-check-ref-format(1)). */
function checkRefName(name: string): void {
  if (/^[^-\s~^:?*[\\][^\s~^:?*[\\]*$/.test(name) && !name.includes('..')) return;
  throw invalidContext(`${JSON.stringify(name)} is not a branch, tag or commit of git`);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

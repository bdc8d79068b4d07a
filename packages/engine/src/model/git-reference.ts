/** `USER@HOST:PATH`, as ssh has it. */
export const scpLike = /^[\w.-]+@[\w.-]+:(?!\/\/)/;

/**
 * Whether a reference means a git repository, by its form: `git://…`, `ssh://…`, `git@host:…`, `git+https://…`, an http(s) URL whose path ends
 * in `.git`, and Docker's old `github.com/…`.
 */
export function isGitReference(reference: string): boolean {
  if (/^(git|ssh|git\+ssh|git\+https?):\/\//i.test(reference) || scpLike.test(reference)) return true;
  if (/^github\.com\//.test(reference)) return true;
  return /^https?:\/\/[^#?]*\.git([#?]|$)/i.test(reference);
}

import type { LintWarning } from './lint-warning.js';
import type { Word } from './source.js';

/** The newest stable version of docker/dockerfile whose language this package reads. */
export const languageVersion = '1.26';

const frontend =
  /^(?:(?:index\.)?docker\.io\/)?docker\/dockerfile(?:-upstream)?(?::([A-Za-z0-9_.-]+))?(?:@sha256:[a-f0-9]{64})?$/;

/**
 * What is to be said about a `# syntax=`: nothing when it asks for docker/dockerfile up to the version that this
 * package reads. Another frontend, or a newer version, is read as if it were this one; that is no mistake of the file,
 * and a warning even where its check directive makes errors of what the rules find.
 */
export function frontendWarning(syntax: Word): LintWarning | undefined {
  const match = frontend.exec(syntax.value);
  if (syntax.value === 'dockerfile.v0' || (match !== null && isCovered(match[1]))) return undefined;
  const what = match === null ? 'frontend' : 'version of the frontend';
  return {
    rule: 'UnknownFrontend',
    description: 'The syntax directive names a frontend that is not known here',
    message: `unknown ${what} '${syntax.value}': the file is read as docker/dockerfile ${languageVersion}`,
    range: syntax.range,
    level: 'warning',
  };
}

/** Versions up to ours; a tag that is no version (`latest`, `labs`) is taken to be one of them. */
function isCovered(tag: string | undefined): boolean {
  const version = /^(\d+)(?:\.(\d+))?/.exec(tag ?? '');
  if (version === null) return true;
  const [major = 0, minor = 0] = languageVersion.split('.').map(Number);
  return Number(version[1]) < major || (Number(version[1]) === major && Number(version[2] ?? 0) <= minor);
}

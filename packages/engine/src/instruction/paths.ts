import { posix } from 'node:path';

/**
 * A path of an instruction made absolute: relative ones start at the working directory (`/` where there is none). Cleaned; a slash at
 * the end stays, as it says that a directory is meant.
 */
export function absolutePath(workingDir: string | undefined, path: string): string {
  const absolute = posix.resolve('/', workingDir ?? '/', path);
  const isFolder = path === '' || path === '.' || path.endsWith('/') || path.endsWith('/.');
  return isFolder && absolute !== '/' ? `${absolute}/` : absolute;
}

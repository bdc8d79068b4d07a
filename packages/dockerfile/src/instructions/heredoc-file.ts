import { DockerfileError } from '../errors.js';
import type { Heredoc } from '../instruction.js';

/**
 * Checks that a heredoc can become a file of its own name.
 *
 * @throws DockerfileError E_BAD_HEREDOC
 */
export function checkFileName({ name, range }: Heredoc): void {
  if (!name.includes('/') && name !== '.' && name !== '..') return;
  const message = `the heredoc ${name} becomes a file: its name cannot be a path`;
  throw new DockerfileError('E_BAD_HEREDOC', message, range, 'name it without a slash');
}

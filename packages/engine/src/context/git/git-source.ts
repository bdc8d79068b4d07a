import type { ContextSource } from '../../plugin/context.js';
import { isGitReference } from './reference.js';

/** Git repositories, through the git program. */
export function gitSource(env: Readonly<Record<string, string | undefined>>): ContextSource {
  return {
    accepts: isGitReference,
    open: async (request, signal) => (await import('./open-repository.js')).openRepository(request, env, signal),
  };
}

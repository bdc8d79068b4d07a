import { resolve } from 'node:path';
import { VarveError } from '../model/error.js';
import type { ContextSource, OpenedContext } from '../plugin/context.js';
import { givenSecret } from './secrets.js';
import type { Session } from './session.js';

/** Opens a context with the first source that takes its reference. Errors: `E_CONTEXT_NOT_FOUND`, `E_CONTEXT_INVALID`, `E_CONTEXT_UNSUPPORTED`. */
export async function openContext(session: Session, reference: string): Promise<OpenedContext> {
  const { options, providers, scratch, signal } = session;
  const agent = options.ssh?.find(({ id }) => id === 'default')?.sock;
  const ranked = [...(await providers.all('context'))].sort((a, b) => b.rank - a.rank);
  for (const provider of ranked) {
    const source: ContextSource = await provider.create(session.tools(`context-${provider.id}`));
    if (!source.accepts(reference)) continue;
    const request = {
      reference,
      cwd: options.cwd,
      scratchDir: scratch.folder('context'),
      secret: (id: string) => givenSecret(options, id),
      ...(agent === undefined ? {} : { sshAgent: resolve(options.cwd, agent) }),
    };
    return source.open(request, signal);
  }
  throw new VarveError('E_CONTEXT_UNSUPPORTED', `nothing here can open the context "${reference}"`, {
    hint: 'give a folder',
  });
}

import type { ContextSource } from '../plugin/context.js';
import { invalidContext } from './invalid.js';

/** `-`: a tar, or a Dockerfile alone, on standard input. */
export const stdinSource: ContextSource = {
  accepts: reference => reference === '-',
  async open({ stdin, scratchDir }, signal) {
    if (stdin === undefined && process.stdin.isTTY)
      throw invalidContext(
        'the context is to come from standard input, which is a terminal',
        'pipe a tar or a Dockerfile in, or name a folder',
      );
    const { openStream } = await import('./stream.js');
    return openStream(stdin ?? process.stdin, 'standard input', scratchDir, signal);
  },
};

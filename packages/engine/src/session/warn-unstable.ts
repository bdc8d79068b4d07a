import type { FinishedStepLayer } from '../host/protocol.js';
import type { Progress } from './progress.js';

/** So many files are named; a process that rewrites a thousand of them needs no thousand lines. */
const mostNamed = 3;

/** Says of a new layer which files may be mixtures of versions, since they never stopped changing. */
export function warnUnstable(made: FinishedStepLayer | null, { warn }: Pick<Progress, 'warn'>): void {
  const unstable = made?.unstable ?? [];
  for (const path of unstable.slice(0, mostNamed))
    warn(
      'W_FILE_CHANGING',
      `${JSON.stringify(path)} never stopped changing while it was read; the layer may hold a mixture of its versions`,
      'let nothing write to it while it is built into an image',
    );
  const more = unstable.length - mostNamed;
  if (more > 0) warn('W_FILE_CHANGING', `so did ${more} more ${more === 1 ? 'file' : 'files'}`);
}

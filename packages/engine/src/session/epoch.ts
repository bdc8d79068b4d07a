import { VarveError } from '../model/error.js';
import type { BuildOptions } from '../model/options.js';

/**
 * SOURCE_DATE_EPOCH (reproducible-builds.org): seconds since 1970 that an image's times are set to, and that times in layers do not
 * exceed. A build argument of that name comes before the environment, as with BuildKit. Undefined where it is not set. Errors:
 * `E_VALUE_INVALID`.
 */
export function sourceDateEpoch({ env, buildArgs = {} }: Pick<BuildOptions, 'env' | 'buildArgs'>): Date | undefined {
  const text = buildArgs.SOURCE_DATE_EPOCH ?? env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > 253402300799)
    throw new VarveError('E_VALUE_INVALID', `SOURCE_DATE_EPOCH is "${text}", which is no time`, {
      hint: 'give whole seconds since 1970, such as the output of: git log -1 --format=%ct',
    });
  return new Date(seconds * 1000);
}

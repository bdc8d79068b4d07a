import { VarveError } from '../model/error.js';

/**
 * SOURCE_DATE_EPOCH (reproducible-builds.org): seconds since 1970 that an image's times are set to, and that times in layers do not
 * exceed. Undefined where it is not set. Errors: `E_VALUE_INVALID`.
 */
export function sourceDateEpoch(env: Readonly<Record<string, string | undefined>>): Date | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > 253402300799)
    throw new VarveError('E_VALUE_INVALID', `SOURCE_DATE_EPOCH is "${text}", which is no time`, {
      hint: 'give whole seconds since 1970, such as the output of: git log -1 --format=%ct',
    });
  return new Date(seconds * 1000);
}

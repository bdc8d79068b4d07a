import { didYouMean } from '../show/nearest.js';
import { BadValue } from './problems.js';

/** A parser for one of a few words. */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return text => {
    const found = words.find(word => word === text);
    if (found === undefined) throw new BadValue(didYouMean(text, words) ?? `it is one of ${words.join(', ')}`);
    return found;
  };
}

import { hideProcess, lookUpNamesPlainly } from '../sys/own-process.js';

/**
 * For processes that share their namespaces and, at times, their root with steps: nothing of this one can be read by them, and nothing of
 * theirs is loaded into it.
 */
export function keepToOneself(): void {
  hideProcess();
  lookUpNamesPlainly();
}

import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from './network-errors.js';
import type { HttpOptions } from './types.js';

const longestPause = 10_000;

/** How often, and with which pauses, something is tried again. */
export interface RetryPolicy {
  /** Tries after the first. */
  readonly retries: number;
  /** Milliseconds before the second try. */
  readonly delay: number;
  /** The longest Retry-After that is waited for, in ms. */
  readonly maxRetryAfter: number;
}

export function retryPolicy(options: HttpOptions): RetryPolicy {
  return {
    retries: options.retries ?? 5,
    delay: options.retryDelay ?? 250,
    maxRetryAfter: options.maxRetryAfter ?? 120_000,
  };
}

/** Statuses after which the same request may succeed. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status === 500 || (status >= 502 && status <= 504);
}

/** Milliseconds that a Retry-After header asks for (seconds or a date); undefined where it is absent or no time. */
export function retryAfter(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits before try number `attempt + 1`: doubling from `policy.delay`, with jitter, or what the server asked for. */
export async function pause(
  policy: RetryPolicy,
  attempt: number,
  asked: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const backoff = Math.min(longestPause, policy.delay * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
  try {
    await sleep(Math.max(asked ?? 0, backoff), undefined, { signal });
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  }
}

/** Runs `attempt` (1, 2, …) until it succeeds, fails for good, or has had all its tries. */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  for (let number = 1; ; number++) {
    signal?.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (number > policy.retries || !isTransient(error)) throw error;
    }
    await pause(policy, number, undefined, signal);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient, isUnreachable } from './network-errors.js';
import type { HttpResponse } from './response.js';
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

/** Milliseconds that an answer asks us to wait. A date counts from the server's own, whose clock may not be ours. */
export function askedPause(headers: HttpResponse['headers']): number | undefined {
  const now = Date.parse(headers.date ?? '');
  return retryAfter(headers['retry-after'], Number.isNaN(now) ? Date.now() : now);
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

/** Tries after the first for hosts that cannot be reached: they are seldom back within seconds, and people wait. */
const unreachableRetries = 2;

/** May a request that failed with this error in its try number `attempt` be sent again? */
export function mayRetry(policy: RetryPolicy, attempt: number, error: unknown): boolean {
  const retries = isUnreachable(error) ? Math.min(unreachableRetries, policy.retries) : policy.retries;
  return attempt <= retries && isTransient(error);
}

/**
 * Sends a request, again while that may help, and gives the last answer whatever its status. Answers before the last are dropped.
 * @param send gets the number of the try: 1, 2, …
 */
export function sendWithRetries(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  send: (attempt: number) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  return sendAndRead(policy, signal, { send, read: response => Promise.resolve(response) });
}

/** The same with a part that reads the last answer: a connection that breaks while it does is a reason to send again, too. */
export async function sendAndRead<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  {
    send,
    read,
  }: {
    readonly send: (attempt: number) => Promise<HttpResponse>;
    readonly read: (response: HttpResponse) => Promise<T>;
  },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let asked: number | undefined;
    try {
      const response = await send(attempt);
      asked = askedPause(response.headers);
      const tooLong = (asked ?? 0) > policy.maxRetryAfter;
      if (attempt > policy.retries || tooLong || !isTransientStatus(response.status)) return await read(response);
      await response.body.discard();
    } catch (error) {
      if (!mayRetry(policy, attempt, error)) throw error;
    }
    await pause(policy, attempt, asked, signal);
  }
}

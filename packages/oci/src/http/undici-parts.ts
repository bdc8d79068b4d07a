import { createRequire } from 'node:module';
import type { Agent, Dispatcher, ProxyAgent } from 'undici';

/**
 * The parts of undici that are used here, each loaded when first needed. The whole of undici takes three times as long to load, which
 * every run with a registry would pay. The version is pinned exactly, so these files are there.
 */
const require = createRequire(import.meta.url);

type Constructor<T, O> = new (options: O) => T;

export function agentClass(): Constructor<Dispatcher, Agent.Options> {
  return require('undici/lib/dispatcher/agent.js') as Constructor<Dispatcher, Agent.Options>;
}

/** Takes all of undici: its proxy agent relies on methods that only the whole puts in place. */
export function proxyAgentClass(): Constructor<Dispatcher, ProxyAgent.Options> {
  return (require('undici') as typeof import('undici')).ProxyAgent;
}

/** Sends a request by a dispatcher and gives status, headers and the body as a stream. */
export function sendRequest(
  dispatcher: Dispatcher,
  options: Dispatcher.RequestOptions,
): Promise<Dispatcher.ResponseData> {
  const request = require('undici/lib/api/api-request.js') as (
    this: Dispatcher,
    options: Dispatcher.RequestOptions,
  ) => Promise<Dispatcher.ResponseData>;
  return request.call(dispatcher, options);
}

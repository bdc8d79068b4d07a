import { channel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type { Agent, Dispatcher, ProxyAgent } from 'undici';

/**
 * The parts of undici that are used here, each loaded when first needed. The whole of undici takes three times as long to load, which
 * every run with a registry would pay. The version is pinned exactly, so these files are there.
 */
const require = createRequire(import.meta.url);

type Constructor<T, O> = new (options: O) => T;

/**
 * Something is published here when the HTTP code is loaded and its first connection is yet to be made. A process that bounds its memory by
 * flags of V8 sets them now: they make Node compile what it loads afterwards anew, and come too late for the HTTP parser once that runs.
 */
const loaded = channel('varve:http-loaded');

export function agentClass(): Constructor<Dispatcher, Agent.Options> {
  const agent = require('undici/lib/dispatcher/agent.js') as Constructor<Dispatcher, Agent.Options>;
  loaded.publish(undefined);
  return agent;
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

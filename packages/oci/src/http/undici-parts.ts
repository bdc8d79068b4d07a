import { channel } from 'node:diagnostics_channel';
// Node would load it at the first connection, see below.
import 'node:dns';
import type { Agent, Dispatcher, ProxyAgent } from 'undici';

/**
 * The parts of undici that are used here, each loaded when first needed. The whole of undici takes three times as long to load, which
 * every run with a registry would pay. The version is pinned exactly, so these files are there.
 */
const parts = {
  agent: () => import('undici/lib/dispatcher/agent.js' as string),
  request: () => import('undici/lib/api/api-request.js' as string),
} as const;

type Constructor<T, O> = new (options: O) => T;

/**
 * Something is published here when the HTTP code is loaded and its first connection is yet to be made. A process that bounds its memory by
 * flags of V8 sets them now: they make Node compile what it loads afterwards anew, and come too late for the HTTP parser once that runs.
 */
const loaded = channel('varve:http-loaded');

export async function agentClass(): Promise<Constructor<Dispatcher, Agent.Options>> {
  const { default: agent } = (await parts.agent()) as { readonly default: Constructor<Dispatcher, Agent.Options> };
  loaded.publish(undefined);
  return agent;
}

/** Takes all of undici: its proxy agent relies on methods that only the whole puts in place. */
export async function proxyAgentClass(): Promise<Constructor<Dispatcher, ProxyAgent.Options>> {
  return (await import('undici')).ProxyAgent;
}

type Send = (this: Dispatcher, options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;

/** Sends a request by a dispatcher and gives status, headers and the body as a stream. */
export async function sendRequest(
  dispatcher: Dispatcher,
  options: Dispatcher.RequestOptions,
): Promise<Dispatcher.ResponseData> {
  const { default: request } = (await parts.request()) as { readonly default: Send };
  return request.call(dispatcher, options);
}

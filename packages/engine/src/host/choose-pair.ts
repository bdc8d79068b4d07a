import { type JudgedRoots, judgeRoots } from '../choose/doctor.js';
import { createHost } from '../choose/host.js';
import { choosePair } from '../choose/pair.js';
import type { AnyProvider } from '../plugin/plugin.js';
import { recallPair, rememberPair } from './pair-memory.js';
import type { HostMethods, RootPair } from './protocol.js';
import type { HostSurroundings } from './surroundings.js';

/**
 * Chooses the pair among what this process can load, and tries it where it will be used, unless that was done lately. Errors: those of
 * `choosePair`.
 */
export async function chooseHostPair(
  around: HostSurroundings,
  request: HostMethods['choosePair']['params'],
): Promise<RootPair> {
  // What a plugin of the user depends on nobody but itself knows.
  if (around.hasNamedPlugins) return tryPairs(around, request);
  const known = recallPair(around.store, request);
  if (known) return known;
  const pair = await tryPairs(around, request);
  rememberPair(around.store, request, pair);
  return pair;
}

async function tryPairs(
  { providers, store }: HostSurroundings,
  { snapshotter, executor }: HostMethods['choosePair']['params'],
): Promise<RootPair> {
  const candidates: readonly AnyProvider[] = [
    ...(snapshotter ? [await providers.get('snapshotter', snapshotter)] : await providers.all('snapshotter')),
    ...(executor ? [await providers.get('executor', executor)] : await providers.all('executor')),
  ];
  const host = createHost({ env: process.env, scratchDir: store.stateDir('probe') });
  const pair = await choosePair(candidates, host, {
    ...(snapshotter ? { snapshotter: snapshotter.id } : {}),
    ...(executor ? { executor: executor.id } : {}),
  });
  return {
    snapshotter: snapshotter ?? { id: pair.snapshotter.id, options: {} },
    executor: executor ?? { id: pair.executor.id, options: {} },
    notes: pair.notes,
  };
}

/** Judges all that this process can load, for `varve doctor`: what has to be tried where it will be used. */
export async function judgeHostRoots(
  { providers, store }: HostSurroundings,
  named: HostMethods['judgeRoots']['params'],
): Promise<JudgedRoots> {
  const all = [...(await providers.all('snapshotter')), ...(await providers.all('executor'))];
  return judgeRoots(all, createHost({ env: process.env, scratchDir: store.stateDir('probe') }), named);
}

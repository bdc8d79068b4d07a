import type { InPlaceSetup } from '../inplace/places.js';
import { VarveError } from '../model/error.js';
import { idMaps } from '../sys/id-map.js';
import { canMount } from '../sys/own-privileges.js';
import { isExecutorImage } from './executor-image.js';
import type { HostPlace } from './host-process.js';
import { hasUserNamespaces, requireInPlace } from './in-place.js';

export interface RootPlaceRequest {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The executor that the user named. */
  readonly executor?: string | undefined;
  readonly allow?: readonly string[] | undefined;
  /** What an executor in place is to know, asked for where that is the one. */
  inPlace(): InPlaceSetup;
}

/**
 * Where a root host is started here: as root by itself, and below a user namespace where this process may not mount; in the container's own
 * root where that was named, and in the executor image where no user namespace can be made. Whether it can be shows when it is started.
 * Errors: `E_NO_PROVIDER` where there are no ids for a user namespace; `E_NOT_ALLOWED` and `E_PROVIDER_UNUSABLE` for the executor `inplace`.
 */
export function rootPlace({ env, executor, allow = [], inPlace }: RootPlaceRequest): HostPlace {
  if (executor === 'inplace') {
    requireInPlace(allow.includes('inplace'));
    return { kind: 'container', inPlace: inPlace() };
  }
  if (canMount()) return { kind: 'namespaces' };
  const maps = idMaps(env);
  const isHopeless = 'reason' in maps || (isExecutorImage() && !hasUserNamespaces());
  if (isHopeless && executor === undefined && isExecutorImage()) {
    requireInPlace(true);
    return { kind: 'container', inPlace: inPlace() };
  }
  if ('reason' in maps)
    throw new VarveError('E_NO_PROVIDER', `nothing can run steps here: ${maps.reason}`, { hint: maps.hint });
  return { kind: 'user-namespace', maps };
}

/** Whether steps, should there be any, run in the container's own root. */
export function mayBeInPlace(executor: string | undefined): boolean {
  return executor === 'inplace' || (executor === undefined && isExecutorImage() && !canMount() && !hasUserNamespaces());
}

import { hostPlatform, type Platform, parsePlatform } from '@varve/oci';
import type { BuildOptions } from '../model/options.js';

/** At least one. */
export type Platforms = readonly [Platform, ...Platform[]];

/** The platforms of a build: this machine's where none is named. Errors: `E_BAD_PLATFORM`. */
export function platformsOf({ platforms = [] }: BuildOptions): Platforms {
  const [first = hostPlatform(), ...more] = platforms.map(parsePlatform);
  return [first, ...more];
}

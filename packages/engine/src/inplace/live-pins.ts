import { mountPoints } from '../sys/mount-points.js';
import { bytePath } from './byte-paths.js';
import { type Pins, pinsOf } from './pins.js';

/** What stays in the root of this process as it is now: what is mounted, and `kept`. */
export function livePins(kept: readonly string[]): Pins {
  return pinsOf('', [...mountPoints(), ...kept].map(bytePath));
}

import { readFileSync } from 'node:fs';
import type { StepProcess } from '../model/process.js';
import { defaultCapabilities } from './confinement.js';

/** Numbers of the capabilities that a step may have: Docker's, or all; never one that this process could not give. */
export function capabilitiesFor(security: StepProcess['security']): readonly number[] {
  const status = readFileSync('/proc/self/status', 'latin1');
  const own = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const wanted = security === 'sandbox' ? Object.values(defaultCapabilities) : Array.from({ length: 64 }, (_, n) => n);
  return wanted.filter(number => (own >> BigInt(number)) & 1n);
}

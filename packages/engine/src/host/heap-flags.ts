import { setFlagsFromString } from 'node:v8';

/**
 * What a root host needs until it has run the first step survives one collection after the other, each of some milliseconds while somebody waits: its young
 * generation grows at once to what is enough for a small build, which is not collected again then. Not before the programs and plugins of a host are
 * loaded: under other flags than it starts with, V8 compiles Node's modules and ours instead of taking them from their caches (20 ms). It is collected
 * sooner by one thread than several are woken, which would take the processors from those that compress and hash.
 */
export function collectSeldom(): void {
  setFlagsFromString('--semi-space-growth-factor=8');
  setFlagsFromString('--no-parallel-scavenge');
}

/**
 * The heap of a host that unpacks layers holds metadata; what passes through it is buffers, whose garbage a small young generation collects early: on a base
 * of 46,000 files that keeps tens of megabytes off the peak, at no measurable cost in time. A heap of few megabytes is collected as a whole before
 * it has twice as many. Who unpacks nothing has so little that all of that is for nothing.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}

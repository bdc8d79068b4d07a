import { setFlagsFromString } from 'node:v8';

/**
 * A root host's heap holds metadata; what passes through it is buffers, whose garbage a small young generation collects early: on a base of
 * 46,000 files that keeps tens of megabytes off the peak, at no measurable cost in time. Not before the programs and plugins of a host are
 * loaded: under other flags than it starts with, V8 compiles Node's modules and ours instead of taking them from their caches (20 ms). So small a
 * generation is collected sooner by one thread than several are woken, which would take the processors from those that inflate and hash.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}

/**
 * The same for what grows with the layers that are unpacked: a heap of few megabytes is collected as a whole before it has twice as many. Who unpacks
 * none has so little that all of it is collected for nothing (5 ms, while somebody waits).
 */
export function keepOldHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
}

/** What was found out about strategies of finding changes. Times in milliseconds, sizes in bytes. */
export interface SnapshotBench {
  readonly subject: {
    /** The image or folder, as it was named. */
    readonly name: string;
    /** Entries of its file system. */
    readonly entries: number;
    /** Bytes of its regular files. */
    readonly bytes: number;
    /** File system that roots are on. */
    readonly fileSystem: string;
  };
  /** Unpacking with no snapshotter at all. */
  readonly unpacking: number;
  readonly strategies: readonly BenchedStrategy[];
  readonly disagreements: readonly Disagreement[];
  /** One sentence each. */
  readonly advice: readonly string[];
}

export interface BenchedStrategy {
  readonly id: string;
  readonly fidelity: 'exact' | 'heuristic';
  /** Why it could not be tried. */
  readonly unusable?: string;
  /** From nothing to a root in which a step may start; what this took longer than unpacking alone. */
  readonly ready: number;
  readonly baseline: number;
  readonly diffs: readonly BenchedDiff[];
  /** Of the process that owns the root. */
  readonly peakMemory: number;
}

export interface BenchedDiff {
  readonly what: DiffCase;
  /** Files that were changed; absent for a step, which alone knows. */
  readonly files?: number;
  /** Medians: what the snapshotter did before the step, and finding what it changed. */
  readonly prepare: number;
  readonly find: number;
  readonly bytesRead: number;
  /** How many changes it told of; directories count. */
  readonly found: number;
}

/** Nothing at all; a few files; a tenth of all; a few without a trace in size and mtime; the command that was given. */
export type DiffCase = 'nothing' | 'few' | 'many' | 'hidden' | 'run';

/** Two strategies do not tell of the same changes. */
export interface Disagreement {
  readonly what: DiffCase;
  readonly between: readonly [string, string];
  readonly counts: readonly [number, number];
  /** Some of the changes that only one of them told of, as `KIND PATH`. */
  readonly examples: readonly string[];
}

/** What is to be made of the figures, in words. */
export function adviceOf(bench: Omit<SnapshotBench, 'advice'>): readonly string[] {
  const usable = bench.strategies.filter(({ unusable }) => unusable === undefined);
  const exact = usable.filter(({ fidelity }) => fidelity === 'exact').toSorted((a, b) => costOf(a) - costOf(b));
  const [best, next] = exact;
  if (best === undefined) return ['No exact strategy can be used here; varve doctor says why.'];
  const lines = [
    `Use ${best.id}: it finds what a small RUN changed in ${shownTime(costOf(best))}${versus(best, next)}.`,
  ];
  const gap = bench.disagreements.find(({ between }) => between.every(id => exact.some(other => other.id === id)));
  if (exact.length > 1)
    lines.push(
      gap === undefined
        ? 'The exact strategies agree on every change.'
        : `${gap.between.join(' and ')} are exact and yet do not agree: please report this as a bug.`,
    );
  for (const one of usable.filter(({ fidelity }) => fidelity === 'heuristic'))
    lines.push(heuristicLine(one, best, bench));
  const dear = Math.max(0, best.baseline) / Math.max(1, bench.unpacking);
  if (dear > 0.25)
    lines.push(
      `Its baseline adds ${Math.round(dear * 100)} % to unpacking here, which steps after the first one do not pay.`,
    );
  return lines;
}

function heuristicLine(one: BenchedStrategy, best: BenchedStrategy, bench: Omit<SnapshotBench, 'advice'>): string {
  const missed = bench.disagreements.filter(({ between, what }) => between.includes(one.id) && what !== 'run');
  const faster = costOf(best) / Math.max(0.01, costOf(one));
  const speed =
    faster > 1.15 ? `${one.id} is ${faster.toFixed(1)} times as fast` : `${one.id} is no faster than ${best.id} here`;
  const misses = missed.length === 0 ? '' : ', and misses edits that leave size and mtime as they were';
  return `${speed}${misses}: there is ${faster > 2 && missed.length === 0 ? 'little' : 'no'} reason to use it.`;
}

function versus(best: BenchedStrategy, next: BenchedStrategy | undefined): string {
  if (next === undefined) return '';
  const ratio = costOf(next) / Math.max(0.01, costOf(best));
  return ratio < 1.15 ? `, about as fast as ${next.id}` : `, ${ratio.toFixed(1)} times as fast as ${next.id}`;
}

/** What a step with few changes costs. */
function costOf({ diffs }: BenchedStrategy): number {
  const few = diffs.find(({ what }) => what === 'few');
  return few === undefined ? Infinity : few.prepare + few.find;
}

function shownTime(milliseconds: number): string {
  return milliseconds < 1000
    ? `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

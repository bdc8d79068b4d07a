/** What one comparison gives: the least of all rounds, in milliseconds. What disturbs a round only adds to it. */
export interface Measurement {
  readonly name: string;
  readonly ms: number;
  readonly baselineMs: number;
  /** `ms / baselineMs` */
  readonly ratio: number;
  readonly rounds: number;
}

/** Work and what it is measured against. */
export interface Comparison {
  readonly name: string;
  readonly work: () => unknown;
  readonly baseline: () => unknown;
  readonly rounds: number;
}

function time(run: () => unknown): number {
  const begun = performance.now();
  run();
  return performance.now() - begun;
}

/** Runs both in turn, so that a busy machine slows both, after one round that does not count. */
export function compare({ name, work, baseline, rounds }: Comparison): Measurement {
  baseline();
  work();
  let ms = Number.POSITIVE_INFINITY;
  let baselineMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    baselineMs = Math.min(baselineMs, time(baseline));
    ms = Math.min(ms, time(work));
  }
  return { name, ms, baselineMs, ratio: ms / baselineMs, rounds };
}

/** Prints measurements as a table, or as JSON when the command line says `--json`. */
export function report(measurements: readonly Measurement[]): void {
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(measurements, null, 2)}\n`);
    return;
  }
  for (const { name, ms, baselineMs, ratio } of measurements) {
    const cells = [ms, baselineMs].map(value => `${value.toFixed(1).padStart(8)} ms`);
    process.stdout.write(`${name.padEnd(44)} ${cells[0]}  baseline ${cells[1]}  × ${ratio.toFixed(2)}\n`);
  }
}

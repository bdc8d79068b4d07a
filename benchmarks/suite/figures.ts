/** One measured figure, against its bar. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: 's' | '×' | 'MB';
  /** At most this much. */
  readonly bar?: number;
}

/** What a scenario has shown. */
export interface Finding {
  readonly scenario: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** Seconds of each round by contender, as measured. */
  readonly rounds?: Readonly<Record<string, readonly number[]>>;
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? 0) + (high ?? 0)) / 2;
}

/** Whether a figure keeps to its bar, which may be stretched by a factor. */
export function keeps({ value, bar }: Figure, slack: number): boolean {
  return bar === undefined || value <= bar * slack;
}

/** The findings as a table, a line each figure. */
export function table(findings: readonly Finding[], slack: number): string {
  const lines = findings.flatMap(({ scenario, title, figures }) => [
    `${scenario}: ${title}`,
    ...figures.map(figure => {
      const value = `${figure.value.toFixed(figure.unit === 'MB' ? 0 : 2)} ${figure.unit}`;
      const bar = figure.bar === undefined ? '' : `at most ${(figure.bar * slack).toFixed(2)} ${figure.unit}`;
      const mark = figure.bar === undefined ? '' : keeps(figure, slack) ? 'kept' : 'MISSED';
      return `  ${figure.what.padEnd(34)} ${value.padStart(10)}   ${bar.padEnd(16)} ${mark}`.trimEnd();
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

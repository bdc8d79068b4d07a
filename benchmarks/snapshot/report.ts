import { allContents, type Row } from './measure.js';

/** Something that has to hold, and what was measured. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  /** Whether more is better. */
  readonly atLeast?: boolean;
}

/** What the rows say about what has to hold; only what was measured. */
export function barsOf(rows: readonly Row[]): readonly Bar[] {
  const on = (fileSystem: string, name: string, files: number): Row | undefined =>
    rows.find(row => row.fileSystem === fileSystem && row.name === name && row.files === files);
  const disk = rows.map(({ fileSystem }) => fileSystem).find(type => type !== 'tmpfs') ?? '';
  const [one, two] = [on(disk, 'full, 1 thread', 45_000), on(disk, 'full, 2 threads', 45_000)];
  const bars: Bar[] = [];
  if (one?.ratio !== undefined)
    bars.push({ what: 'full, 1 thread, to the lower bound', measured: one.ratio, limit: 2 });
  if (two?.ratio !== undefined)
    bars.push({ what: 'full, 2 threads, to the lower bound', measured: two.ratio, limit: 1.2 });
  const metadata = on(disk, 'mtime', 45_000);
  // Each to the lower bound of its own rounds, where there is one: the machine may have been slower meanwhile.
  if (two && metadata)
    bars.push({
      what: 'mtime to full, 2 threads',
      measured: (metadata.ratio ?? metadata.few) / (two.ratio ?? two.few),
      limit: 1.1,
    });
  const isImage = ({ files }: Row): boolean => files >= 10_000;
  for (const row of rows.filter(row => row.name === 'overlay' && row.fileSystem === disk && isImage(row)))
    bars.push({ what: `overlay, ${row.files} files, ms`, measured: row.few, limit: 5 });
  for (const name of ['full, 1 thread', 'full, 2 threads']) {
    const [small, large] = [on(disk, name, 45_000), on(disk, name, 700_000)];
    if (small && large)
      bars.push({
        what: `${name}: a file of 700,000 to one of 45,000`,
        measured: large.few / 700 / (small.few / 45),
        limit: 1.3,
      });
  }
  for (const row of rows.filter(({ name, memory }) => name.startsWith('full') && memory !== undefined && memory > 0))
    if (row.files >= 200_000)
      bars.push({
        what: `${row.name}, ${row.files} files on ${row.fileSystem}, bytes a file`,
        measured: row.memory ?? 0,
        limit: 150,
      });
  for (const row of rows.filter(
    ({ fileSystem, name, size }) => fileSystem === 'tmpfs' && name === allContents && size >= 16_384,
  ))
    bars.push({
      what: `${row.name}, on tmpfs, ${row.files} files of ${row.size} bytes, GB/s`,
      measured: speedOf(row),
      limit: 1,
      atLeast: true,
    });
  return bars;
}

/** Where everything is read: gigabytes of content a second. */
export function speedOf({ files, size, few }: Row): number {
  return (files * size) / few / 1e6;
}

export function holds({ measured, limit, atLeast = false }: Bar): boolean {
  return atLeast ? measured >= limit : measured <= limit;
}

export function printRows(rows: readonly Row[]): void {
  console.table(
    rows.map(row => ({
      what: row.name,
      on: row.fileSystem,
      files: row.files,
      size: row.size,
      'none ms': digits(row.none),
      '10 files ms': digits(row.few),
      'a tenth ms': digits(row.many),
      '× C': row.ratio?.toFixed(2) ?? '',
      'bytes a file': row.memory === undefined ? '' : Math.round(row.memory),
    })),
  );
}

export function printBars(bars: readonly Bar[]): void {
  console.table(
    bars.map(bar => ({
      what: bar.what,
      measured: digits(bar.measured),
      bar: `${bar.atLeast ? '≥' : '≤'} ${bar.limit}`,
      holds: holds(bar) ? 'yes' : 'NO',
    })),
  );
}

function digits(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(value < 10 ? 2 : 1);
}

const units = ['kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as people read them, in powers of 1000: `743 MB`, `1.2 kB`, `12 B`. */
export function showSize(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  const digits = unit === 'B' || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${unit}`;
}

/** Values as Go's standard library reads them; undefined stands for what it refuses. */

const booleans: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  T: true,
  TRUE: true,
  true: true,
  True: true,
  '0': false,
  f: false,
  F: false,
  FALSE: false,
  false: false,
  False: false,
};

/** strconv.ParseBool. */
export function parseBoolean(text: string): boolean | undefined {
  return Object.hasOwn(booleans, text) ? booleans[text] : undefined;
}

/** strconv.ParseUint(text, base, 32) for bases up to 10. */
export function parseUnsigned(text: string, base: 8 | 10): number | undefined {
  if (!(base === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(text)) return undefined;
  const value = Number.parseInt(text, base);
  return value <= 0xffffffff ? value : undefined;
}

const sizeUnits = 'kmgtp';

/** A size such as `64m` or `1.5GiB` in bytes, units being powers of 1024 (go-units' RAMInBytes). */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?(?:i?b)?$/i.exec(text);
  if (match === null || (match[2] === undefined && /ib$/i.test(text))) return undefined;
  const power = match[2] === undefined ? 0 : sizeUnits.indexOf(match[2].toLowerCase()) + 1;
  const bytes = Math.trunc(Number(match[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const durationUnits: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** time.ParseDuration: `1h30m`, `1.5s`, `-2ms`, `0`; in nanoseconds. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1n : 1n;
  const body = /^[-+]/.test(text) ? text.slice(1) : text;
  if (body === '0') return 0;
  const part = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;
  let total = 0n;
  let at = 0;
  while (at < body.length) {
    part.lastIndex = at;
    const match = part.exec(body);
    if (match === null) return undefined;
    const [all, whole = '', fraction = '', unit = ''] = match;
    if (whole === '' && fraction === '') return undefined;
    const scale = durationUnits[unit] ?? 0n;
    total += BigInt(whole === '' ? '0' : whole) * scale;
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    if (total > 0x7fffffffffffffffn) return undefined;
    at += all.length;
  }
  return body === '' ? undefined : Number(sign * total);
}

/**
 * The fields of one line of comma-separated values (encoding/csv): a field may stand in double quotes, in which two
 * mean one. Undefined when a quote stands elsewhere, is not closed, or the line is empty.
 */
export function parseCsvLine(text: string): readonly CsvField[] | undefined {
  if (text === '') return undefined;
  const fields: CsvField[] = [];
  let at = 0;
  for (;;) {
    const start = at;
    let value = '';
    if (text[at] === '"') {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return undefined;
        value += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        value += '"';
        at++;
      }
      fields.push({ value, start: start + 1, end: at - 1, quoted: true });
      if (at < text.length && text[at] !== ',') return undefined;
    } else {
      const comma = text.indexOf(',', at);
      at = comma < 0 ? text.length : comma;
      value = text.slice(start, at);
      if (value.includes('"')) return undefined;
      fields.push({ value, start, end: at, quoted: false });
    }
    if (at >= text.length) return fields;
    at++;
  }
}

/** A field and where its text stands in the line, quotes not included. */
export interface CsvField {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
}

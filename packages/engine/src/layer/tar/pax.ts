import { invalidLayer } from '../invalid.js';

/** Extended records of one entry: keyword → raw value. An empty value takes a record back. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/** Largest set of records that is read; Go's reader draws the same line. */
export const largestPax = 1024 * 1024;

export const xattrPrefix = 'SCHILY.xattr.';

/**
 * Reads the body of a pax header: `LENGTH KEY=VALUE\n`, values as bytes. Records that GNU tar repeats to map a sparse file (format 0.0) become
 * the one that its format 0.1 has. Errors: `E_LAYER_INVALID`.
 */
export function decodePax(body: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  const sparse: string[] = [];
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const digits = space === -1 ? '' : body.toString('latin1', at, space);
    const end = at + Number(digits);
    if (!/^[1-9][0-9]{0,7}$/.test(digits) || end > body.length || body[end - 1] !== 0x0a) {
      throw invalidLayer('an extended header is malformed');
    }
    const equals = body.indexOf(0x3d, space + 1);
    if (equals === -1 || equals >= end) throw invalidLayer('an extended header has a record without a value');
    const key = body.toString('utf8', space + 1, equals);
    const value = body.subarray(equals + 1, end - 1);
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') sparse.push(value.toString('latin1'));
    else records.set(key, value);
    at = end;
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', Buffer.from(sparse.join(',')));
  return records;
}

/** Writes the body of a pax header, keys in the order of their bytes. */
export function encodePax(records: PaxRecords): Buffer {
  const keys = [...records.keys()];
  if (keys.length > 1) keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Buffer.concat(keys.flatMap(key => encodeRecord(key, records.get(key) ?? Buffer.alloc(0))));
}

/** The length in front counts itself: found by trying. */
function encodeRecord(key: string, value: Buffer): readonly Buffer[] {
  const name = Buffer.byteLength(key);
  const bare = name + value.length + 3;
  let length = bare + String(bare).length;
  if (String(length).length !== String(bare).length) length = bare + String(length).length;
  return [Buffer.from(`${length} ${key}=`), value, newline];
}

const newline = Buffer.from('\n');

const second = 1_000_000_000n;

/** Decimal seconds (`-1.5`, `1700000000.123456789`) as nanoseconds; digits beyond nanoseconds are cut towards the past. */
export function parsePaxTime(value: string): bigint {
  const match = /^(-?)([0-9]{1,20})(?:\.([0-9]*))?$/.exec(value);
  if (match === null) throw invalidLayer('an extended header has a malformed time');
  const [, sign, whole = '', fraction = ''] = match;
  const digits = fraction.padEnd(9, '0');
  const time = BigInt(whole) * second + BigInt(digits.slice(0, 9));
  if (sign === '') return time;
  return -time - (/[1-9]/.test(digits.slice(9)) ? 1n : 0n);
}

/** Nanoseconds as decimal seconds, no longer than needed. */
export function formatPaxTime(timeNs: bigint): string {
  const [sign, time] = timeNs < 0n ? ['-', -timeNs] : ['', timeNs];
  const fraction = (time % second).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${time / second}${fraction === '' ? '' : `.${fraction}`}`;
}

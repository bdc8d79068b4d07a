/** A text and the lines (from 1) of it that held bytes which are not UTF-8. */
export interface DecodedText {
  readonly text: string;
  readonly brokenLines: ReadonlySet<number>;
}

const none: ReadonlySet<number> = new Set();

/**
 * Decodes a file. Bytes that are not UTF-8 become U+FFFD and their lines are noted: in a comment they harm nobody. So
 * do halves of surrogate pairs in a string. A byte order mark is dropped.
 */
export function decodeText(input: string | Uint8Array): DecodedText {
  if (typeof input === 'string') return { text: dropMark(input.toWellFormed()), brokenLines: none };
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(input);
  if (!text.includes('\ufffd')) return { text: dropMark(text), brokenLines: none };
  return { text: dropMark(text), brokenLines: findBrokenLines(input) };
}

function dropMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function findBrokenLines(bytes: Uint8Array): ReadonlySet<number> {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const broken = new Set<number>();
  let start = 0;
  for (let line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    try {
      strict.decode(bytes.subarray(start, end));
    } catch {
      broken.add(line);
    }
    start = end;
  }
  return broken;
}

/** One way of authenticating that a server offers (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** By lower-case name. */
  readonly parameters: Readonly<Record<string, string>>;
}

const tokenPattern = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;

/** Reads a WWW-Authenticate header, with several challenges where it has them. What cannot be read is left out. */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const text = header ?? '';
  let at = 0;
  while (at < text.length) {
    at = skip(text, at, /[\s,]*/y);
    const word = match(text, at, tokenPattern);
    if (word === undefined) {
      at++;
      continue;
    }
    at = skip(text, at + word.length, /[ \t]*/y);
    const current = challenges.at(-1);
    if (text[at] !== '=' || current === undefined) {
      challenges.push({ scheme: word.toLowerCase(), parameters: {} });
      continue;
    }
    at = skip(text, at + 1, /[ \t]*/y);
    const raw = match(text, at, /"(?:[^"\\]|\\.)*"/y) ?? match(text, at, /[^\s,]*/y) ?? '';
    current.parameters[word.toLowerCase()] = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw;
    at += raw.length;
  }
  return challenges;
}

function match(text: string, at: number, pattern: RegExp): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skip(text: string, at: number, pattern: RegExp): number {
  return at + (match(text, at, pattern)?.length ?? 0);
}

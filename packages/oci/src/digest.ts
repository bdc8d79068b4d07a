import { createHash, type Hash } from 'node:crypto';
import { OciError } from './errors.js';
import type { Descriptor, Digest } from './model/descriptor.js';

const patterns = { sha256: /^[a-f0-9]{64}$/, sha512: /^[a-f0-9]{128}$/ } as const;
type Algorithm = keyof typeof patterns;

/** Is the text a digest of a known algorithm with the right number of lower-case hex digits? */
export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, colon);
  return Object.hasOwn(patterns, algorithm) && patterns[algorithm as Algorithm].test(text.slice(colon + 1));
}

/** The text as a digest. Throws E_BAD_DIGEST. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new OciError('E_BAD_DIGEST', `${JSON.stringify(text)} is not a digest`, {
    hint: 'a digest is sha256: and 64 hex digits, or sha512: and 128',
  });
}

/** Algorithm and hex digits of a digest. */
export function splitDigest(digest: Digest): { readonly algorithm: Algorithm; readonly hex: string } {
  const checked = parseDigest(digest);
  const colon = checked.indexOf(':');
  return { algorithm: checked.slice(0, colon) as Algorithm, hex: checked.slice(colon + 1) };
}

/** The digest of bytes or of a text in UTF-8; sha256 unless told. */
export function digestOf(bytes: Uint8Array | string, algorithm: Algorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Takes bytes piece by piece and knows their digest and number at the end. */
export class Digester {
  readonly algorithm: Algorithm;
  readonly #hash: Hash;
  #size = 0;

  constructor(algorithm: Algorithm = 'sha256') {
    this.algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#size;
  }

  update(chunk: Uint8Array): this {
    this.#hash.update(chunk);
    this.#size += chunk.byteLength;
    return this;
  }

  /** The digest of what was taken so far; more can be taken after it. */
  digest(): Digest {
    return `${this.algorithm}:${this.#hash.copy().digest('hex')}`;
  }
}

/** What is known of bytes before they come. */
export type Expected = Pick<Descriptor, 'digest' | 'size'>;

/** Throws E_SIZE_MISMATCH or E_DIGEST_MISMATCH where the bytes taken are not those expected. */
export function checkDigester(digester: Digester, expected: Expected, what: string): void {
  if (digester.size !== expected.size) throw sizeMismatch(digester.size, expected, what);
  const actual = digester.digest();
  if (actual !== expected.digest) throw digestMismatch(actual, expected, what);
}

/** Throws as {@link checkDigester} does, for bytes in memory. */
export function checkBytes(bytes: Uint8Array, expected: Expected, what: string): void {
  if (bytes.byteLength !== expected.size) throw sizeMismatch(bytes.byteLength, expected, what);
  const actual = digestOf(bytes, splitDigest(expected.digest).algorithm);
  if (actual !== expected.digest) throw digestMismatch(actual, expected, what);
}

/**
 * Passes bytes on while it checks them. The stream ends only if size and digest are right: E_SIZE_MISMATCH comes as soon
 * as one byte too many is there, E_DIGEST_MISMATCH after the last byte.
 * @param what names the content in errors, for instance `blob sha256:… of docker.io/library/busybox`.
 */
export async function* verifyStream(
  source: AsyncIterable<Uint8Array>,
  expected: Expected,
  what = `content ${expected.digest}`,
): AsyncGenerator<Uint8Array, void, undefined> {
  const digester = new Digester(splitDigest(expected.digest).algorithm);
  for await (const chunk of source) {
    digester.update(chunk);
    if (digester.size > expected.size) throw sizeMismatch(digester.size, expected, what);
    yield chunk;
  }
  checkDigester(digester, expected, what);
}

/** The error for bytes of another number than announced. */
export function sizeMismatch(actual: number, expected: Expected, what: string): OciError {
  const number = actual > expected.size ? `more than the ${expected.size}` : `${actual} of the ${expected.size}`;
  return new OciError('E_SIZE_MISMATCH', `${what} has ${number} bytes announced`, {
    hint: 'the content was cut off or replaced on its way or in its store; nothing of it was kept: try again, and push it again if that does not help',
  });
}

function digestMismatch(actual: Digest, expected: Expected, what: string): OciError {
  return new OciError('E_DIGEST_MISMATCH', `${what} has the digest ${actual}, not ${expected.digest}`, {
    hint: 'the content was damaged or replaced on its way or in its store; nothing of it was kept: try again, and push it again if that does not help',
  });
}

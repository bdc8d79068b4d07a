import { createHash, hash as hashAtOnce } from 'node:crypto';
import { createRequire } from 'node:module';
import { grown, shared } from '../tree/columns.js';

/** Hashes that contents can be remembered by. They stay in memory and decide nothing but "the same as before". */
export const contentHashes = ['xxh3', 'sha256'] as const;
export type ContentHashId = (typeof contentHashes)[number];

/** Bytes of a remembered hash: XXH3-128, or the first half of a SHA-256. */
const hashBytes = 16;

export interface ContentHash {
  readonly id: ContentHashId;
  /** Of all bytes at once; at least `hashBytes` long. */
  of(bytes: Uint8Array): Uint8Array;
  /** Of bytes in pieces. */
  start(): RunningHash;
}

export interface RunningHash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

interface XxhashAddon {
  readonly XXHash128: {
    new (seed: Uint8Array): { update(bytes: Uint8Array): void; digest(): Buffer };
    hash(bytes: Uint8Array): Buffer;
  };
}

/**
 * `xxh3` (the default; 18 GB/s) tells any accident apart. `sha256` (1.7 GB/s) also tells contents apart that somebody made to have
 * one XXH3. Where the machine has no binary of the former, the latter is used.
 */
export function contentHash(id: ContentHashId): ContentHash {
  const addon = id === 'xxh3' ? loadXxhash() : undefined;
  if (addon === undefined) {
    return {
      id: 'sha256',
      of: bytes => hashAtOnce('sha256', bytes, 'buffer'),
      start: () => {
        const running = createHash('sha256');
        return { update: bytes => void running.update(bytes), digest: () => running.digest() };
      },
    };
  }
  return {
    id,
    of: bytes => addon.XXHash128.hash(bytes),
    // Seed 0, without which the addon crashes, is what a hash at once has.
    start: () => new addon.XXHash128(Buffer.alloc(8)),
  };
}

function loadXxhash(): XxhashAddon | undefined {
  try {
    return createRequire(import.meta.url)('xxhash-addon') as XxhashAddon;
  } catch {
    return undefined;
  }
}

/** Words of a remembered hash. */
export const hashWords = hashBytes / 4;

/** The hash of each file's content as it was last known; all zero where it is not. In shared memory. */
export class HashTable {
  words: Uint32Array;

  constructor(capacity: number) {
    this.words = shared.uint32(capacity * hashWords);
  }

  reserve(capacity: number): void {
    if (capacity * hashWords <= this.words.length) return;
    const larger = shared.uint32(grown(this.words.length / hashWords, capacity) * hashWords);
    larger.set(this.words);
    this.words = larger;
  }

  set(node: number, hash: Uint8Array): void {
    this.reserve(node + 1);
    writeHash(this.words, node * hashWords, hash);
  }

  copy(from: number, to: number): void {
    this.reserve(Math.max(from, to) + 1);
    this.words.copyWithin(to * hashWords, from * hashWords, (from + 1) * hashWords);
  }

  forget(node: number): void {
    this.words.fill(0, node * hashWords, (node + 1) * hashWords);
  }

  has(node: number): boolean {
    return hasHash(this.words, node);
  }
}

export function hasHash(words: Uint32Array, node: number): boolean {
  const at = node * hashWords;
  return ((words[at] ?? 0) | (words[at + 1] ?? 0) | (words[at + 2] ?? 0) | (words[at + 3] ?? 0)) !== 0;
}

export function isSameHash(words: Uint32Array, node: number, hash: Uint8Array): boolean {
  const found = new Uint32Array(hashWords);
  writeHash(found, 0, hash);
  const at = node * hashWords;
  return found.every((word, i) => word === words[at + i]);
}

/** Puts a hash into a table's words. */
export function writeHash(words: Uint32Array, at: number, hash: Uint8Array): void {
  const view = new DataView(hash.buffer, hash.byteOffset, hashBytes);
  for (let i = 0; i < hashWords; i++) words[at + i] = view.getUint32(i * 4, true);
}

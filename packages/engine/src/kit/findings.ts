import { row } from './stat-row.js';

/** What a walk found out of one path that is not, or may not be, as the tree says. */
export const finding = {
  /** A node whose evidence is not what it was. */
  moved: 1,
  /** A path that the tree does not have. */
  added: 2,
  /** A node that is not there any more. */
  gone: 3,
  /** A node whose content is not what it was, though its evidence is. */
  rewritten: 4,
} as const;

/** Words of a finding: kind, subject, where its name starts, how long that is; then a row of `stat-row.ts`. */
const headWords = 4;
const words = headWords + row.words;

/** Findings as they cross threads. */
export interface PackedFindings {
  readonly count: number;
  readonly words: Uint32Array;
  readonly names: Uint8Array;
}

/** A list of findings in flat memory: a step can touch hundreds of thousands of files. */
export class Findings {
  count = 0;
  words = new Uint32Array(words * 64);
  names = new Uint8Array(1024);
  #nameEnd = 0;

  /** Something about a node of the tree. */
  about(kind: number, node: number, stat: Uint32Array): void {
    const at = this.#next();
    this.words[at] = kind;
    this.words[at + 1] = node;
    this.words.set(stat, at + headWords);
  }

  /** A path that is new, in a directory of the tree (`parent` ≥ 0) or in one that is new itself (−1 − its index). */
  added(
    parent: number,
    name: { readonly bytes: Uint8Array; readonly from: number; readonly to: number },
    stat: Uint32Array,
  ): number {
    const at = this.#next();
    const length = name.to - name.from;
    while (this.#nameEnd + length + 1 > this.names.length) this.names = enlarged(this.names);
    this.words[at] = finding.added;
    this.words[at + 1] = parent;
    this.words[at + 2] = this.#nameEnd;
    this.words[at + 3] = length;
    this.words.set(stat, at + headWords);
    this.names.set(name.bytes.subarray(name.from, name.to), this.#nameEnd);
    this.names[this.#nameEnd + length] = 0;
    this.#nameEnd += length + 1;
    return this.count - 1;
  }

  kind(index: number): number {
    return this.words[index * words] as number;
  }

  /** The node that a finding is about; of one that is `added`, its directory as `added` was told. */
  subject(index: number): number {
    return (this.words[index * words + 1] as number) | 0;
  }

  /** Name of a path that is new. A zero byte follows. Shares memory. */
  name(index: number): Uint8Array {
    const at = this.words[index * words + 2] as number;
    return this.names.subarray(at, at + (this.words[index * words + 3] as number));
  }

  /** Where the row of a finding starts in `words`. */
  rowAt(index: number): number {
    return index * words + headWords;
  }

  /** Puts findings of another walk behind these. */
  append(other: PackedFindings): void {
    const base = this.count;
    const nameBase = this.#nameEnd;
    while ((base + other.count) * words > this.words.length) this.words = enlarged(this.words);
    this.words.set(other.words.subarray(0, other.count * words), base * words);
    while (nameBase + other.names.length > this.names.length) this.names = enlarged(this.names);
    this.names.set(other.names, nameBase);
    this.#nameEnd += other.names.length;
    this.count += other.count;
    for (let at = base * words; at < this.count * words; at += words) {
      if (this.words[at] !== finding.added) continue;
      const parent = (this.words[at + 1] as number) | 0;
      if (parent < 0) this.words[at + 1] = parent - base;
      this.words[at + 2] = (this.words[at + 2] as number) + nameBase;
    }
  }

  /** Exactly what is used, to be sent to another thread. */
  packed(): PackedFindings {
    return {
      count: this.count,
      words: this.words.slice(0, this.count * words),
      names: this.names.slice(0, this.#nameEnd),
    };
  }

  #next(): number {
    const at = this.count * words;
    if (at + words > this.words.length) this.words = enlarged(this.words);
    this.count++;
    return at;
  }
}

function enlarged<T extends Uint32Array | Uint8Array>(array: T): T {
  const larger = (
    array instanceof Uint32Array ? new Uint32Array(array.length * 2) : new Uint8Array(array.length * 2)
  ) as T;
  larger.set(array);
  return larger;
}

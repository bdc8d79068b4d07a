import type { CompiledPattern, Segment } from './pattern.js';

/** Where a pattern has got to on the way down: the segment that is to match the next name. */
interface State {
  readonly pattern: number;
  readonly segment: number;
}

/** What a name does to a pattern that waits for it: match it as a whole, or take it one segment further. */
interface Step {
  readonly pattern: number;
  readonly next: State | undefined;
}

/** A step whose name is a pattern rather than plain text. */
interface TestedStep extends Step {
  readonly matches: (name: string) => boolean;
}

/**
 * One directory on the way down, with what is known of it: made by `enter`, from the root on. It holds only the
 * patterns that can still match something below, so that most names of a deep tree are decided by one look-up.
 */
export class IgnoreScope {
  readonly #patterns: readonly CompiledPattern[];
  readonly #path: string;
  /** For each pattern 1 when it matched this directory or one above it. */
  readonly #matched: Uint8Array;
  /** Names as plain text that patterns wait for. */
  readonly #names = new Map<string, Step[]>();
  readonly #tests: TestedStep[] = [];
  /** Patterns at `**`, which go on below whatever the name. */
  readonly #deep: State[] = [];
  /** Patterns that match every name here: they end in `**`. */
  readonly #everything: number[] = [];
  readonly #wholePaths: readonly number[];
  /** The verdict on a name that no waiting pattern matches. */
  readonly #otherwise: boolean;

  /** The directory itself is ignored. (It is kept all the same when something below it is.) */
  readonly ignored: boolean;
  /** Something below may be kept. When false, the directory need not be read. */
  readonly mayKeep: boolean;
  /** Something below may be ignored; when false, nothing below needs to be asked about. */
  readonly mayIgnore: boolean;

  private constructor(parts: ScopeParts) {
    this.#patterns = parts.patterns;
    this.#path = parts.path;
    this.#matched = parts.matched;
    this.#wholePaths = parts.wholePaths;
    this.ignored = parts.ignored;
    for (const state of parts.states) this.#add(state);
    this.#otherwise = this.#verdict(this.#everything);
    this.mayKeep = !this.#otherwise || this.#exclusions().some(index => !this.#verdict([...this.#everything, index]));
    this.mayIgnore =
      this.#otherwise || this.#names.size + this.#tests.length + this.#deep.length + this.#wholePaths.length > 0;
  }

  /** The scope of the root of the tree. */
  static root(patterns: readonly CompiledPattern[]): IgnoreScope {
    const indices = patterns.map((_, index) => index);
    return new IgnoreScope({
      patterns,
      path: '',
      matched: new Uint8Array(patterns.length),
      states: indices.filter(index => patterns[index]?.segments).map(pattern => ({ pattern, segment: 0 })),
      wholePaths: indices.filter(index => patterns[index]?.wholePath),
      ignored: false,
    });
  }

  /** Whether an entry of this directory is ignored. */
  ignores(name: string): boolean {
    const hits = this.#hits(name);
    return hits === undefined ? this.#otherwise : this.#verdict(hits);
  }

  /** Whether anything here would be ignored: every pattern that reaches to all names counts, others do not. */
  get ignoresByDefault(): boolean {
    return this.#otherwise;
  }

  /** The scope of a directory in this one. */
  enter(name: string): IgnoreScope {
    const hits = this.#hits(name) ?? this.#everything;
    const states = [...this.#deep];
    for (const { next } of this.#names.get(name) ?? []) if (next !== undefined) states.push(next);
    for (const { next, matches } of this.#tests) if (next !== undefined && matches(name)) states.push(next);
    const { matched, ignored } = this.#fold(hits);
    return new IgnoreScope({
      patterns: this.#patterns,
      path: `${this.#path}${name}/`,
      matched,
      states,
      wholePaths: this.#wholePaths,
      ignored,
    });
  }

  #add({ pattern, segment }: State): void {
    const segments = this.#patterns[pattern]?.segments ?? [];
    const wanted: Segment | undefined = segments[segment];
    if (wanted === undefined) return;
    const last = segment + 1 === segments.length;
    if (wanted.kind === 'deep') {
      if (this.#deep.some(state => state.pattern === pattern && state.segment === segment)) return;
      this.#deep.push({ pattern, segment });
      if (last) this.#everything.push(pattern);
      else this.#add({ pattern, segment: segment + 1 });
      return;
    }
    const next = last ? undefined : { pattern, segment: segment + 1 };
    if (wanted.text === undefined) this.#tests.push({ pattern, next, matches: wanted.matches });
    else {
      const steps = this.#names.get(wanted.text);
      if (steps === undefined) this.#names.set(wanted.text, [{ pattern, next }]);
      else steps.push({ pattern, next });
    }
  }

  /** The patterns that match the name itself; undefined when only those that match everything do. */
  #hits(name: string): readonly number[] | undefined {
    let hits: number[] | undefined;
    const steps = this.#names.get(name);
    if (steps !== undefined) {
      for (const { pattern, next } of steps) if (next === undefined) hits = this.#withHit(hits, pattern);
    }
    for (const { pattern, next, matches } of this.#tests) {
      if (next === undefined && matches(name)) hits = this.#withHit(hits, pattern);
    }
    for (const pattern of this.#wholePaths) {
      if (this.#patterns[pattern]?.wholePath?.(this.#path + name)) hits = this.#withHit(hits, pattern);
    }
    return hits;
  }

  #withHit(hits: number[] | undefined, pattern: number): number[] {
    if (hits === undefined) return [...this.#everything, pattern];
    hits.push(pattern);
    return hits;
  }

  #verdict(hits: readonly number[]): boolean {
    let ignored = false;
    for (let index = 0; index < this.#patterns.length; index++) {
      const exclusion = this.#patterns[index]?.exclusion ?? false;
      if (this.#matched[index] === 1 || (exclusion === ignored && hits.includes(index))) ignored = !exclusion;
    }
    return ignored;
  }

  /**
   * The same, and which patterns count as matched below. As in patternmatcher, a pattern that could change nothing at
   * this name is not looked at, and so does not count for what is below.
   */
  #fold(hits: readonly number[]): { readonly matched: Uint8Array; readonly ignored: boolean } {
    if (hits.length === 0) return { matched: this.#matched, ignored: this.#verdict(hits) };
    const matched = Uint8Array.from(this.#matched);
    let ignored = false;
    for (let index = 0; index < this.#patterns.length; index++) {
      const exclusion = this.#patterns[index]?.exclusion ?? false;
      if (matched[index] !== 1 && !(exclusion === ignored && hits.includes(index))) continue;
      matched[index] = 1;
      ignored = !exclusion;
    }
    return { matched, ignored };
  }

  /** The `!` patterns that may still match something below. */
  #exclusions(): readonly number[] {
    const alive = new Set<number>(this.#wholePaths);
    for (const steps of this.#names.values()) for (const { pattern } of steps) alive.add(pattern);
    for (const { pattern } of this.#tests) alive.add(pattern);
    for (const { pattern } of this.#deep) alive.add(pattern);
    return [...alive].filter(index => this.#patterns[index]?.exclusion);
  }
}

interface ScopeParts {
  readonly patterns: readonly CompiledPattern[];
  /** Ends in `/` unless it is the root. */
  readonly path: string;
  readonly matched: Uint8Array;
  readonly states: readonly State[];
  readonly wholePaths: readonly number[];
  readonly ignored: boolean;
}

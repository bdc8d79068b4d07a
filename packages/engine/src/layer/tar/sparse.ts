import { bytesToPath } from '../../path/bytes.js';
import { invalidLayer } from '../invalid.js';
import { blockSize, numberField, type TarHeader } from './header.js';
import { largestPax, type PaxRecords } from './pax.js';

/** Takes the content of a sparse file as it is laid out. */
export interface SparseSink {
  data(chunk: Uint8Array): void;
  /** So many zeros, which are not stored. */
  hole(length: number): void;
}

/** The map of a file that is stored without its holes, as GNU tar writes it: in its old format, or by pax records (0.0, 0.1, 1.0). */
export class SparseMap {
  /** Name of the file, where that of the entry is made up. */
  readonly name: string | undefined;
  /** Size of the file, holes and all. */
  readonly size: number;
  /** How much of what the header counts as content belongs to the map. */
  ownBytes = 0;
  /** Where each stored piece begins, and its length. */
  readonly #numbers: number[] = [];
  /** How the map goes on in the blocks behind the header. */
  #rest: 'binary' | 'text' | undefined;
  #line = '';
  #blocks = 0;

  private constructor(size: number, name?: string) {
    this.size = size;
    this.name = name;
  }

  /** The map that a header begins; undefined for a file that is stored whole. Errors: `E_LAYER_INVALID`. */
  static of(block: Buffer, { flag }: TarHeader, pax: PaxRecords | undefined): SparseMap | undefined {
    if (flag === 'S') {
      const map = new SparseMap(numberField(block, 483, 12));
      map.#takeBinary(block, { from: 386, count: 4, more: 482 });
      return map;
    }
    const size = pax?.get('GNU.sparse.realsize') ?? pax?.get('GNU.sparse.size');
    if (size === undefined) return undefined;
    const name = pax?.get('GNU.sparse.name');
    const map = new SparseMap(decimal(size.toString('latin1')), name && bytesToPath(name));
    const pieces = pax?.get('GNU.sparse.map')?.toString('latin1');
    if (pieces === undefined) map.#rest = pax?.get('GNU.sparse.major') ? 'text' : undefined;
    else if (pieces !== '') for (const number of pieces.split(',')) map.#numbers.push(decimal(number));
    return map;
  }

  /** Whether the next block is of the map. */
  get goesOn(): boolean {
    return this.#rest !== undefined;
  }

  take(block: Buffer): void {
    if (++this.#blocks * blockSize > largestPax) throw invalidLayer('the map of a sparse file is too large', this.name);
    if (this.#rest === 'binary') this.#takeBinary(block, { from: 0, count: 21, more: 504 });
    else this.#takeText(block);
  }

  /** What puts the stored bytes, as many as the header counts, where they belong. Errors: `E_LAYER_INVALID`. */
  layout(stored: number, sink: SparseSink): SparseLayout {
    const pieces: Piece[] = [];
    let [end, length] = [0, 0];
    for (let i = 0; i < this.#numbers.length; i += 2) {
      const piece = { at: this.#numbers[i] as number, length: this.#numbers[i + 1] ?? Number.NaN };
      const isRight = piece.at >= end && piece.length >= 0;
      if (!isRight) throw invalidLayer('the map of a sparse file is malformed', this.name);
      end = piece.at + piece.length;
      length += piece.length;
      if (piece.length > 0) pieces.push(piece);
    }
    if (end > this.size || length !== stored)
      throw invalidLayer('the map of a sparse file does not fit its content', this.name);
    return new SparseLayout(pieces, this.size, sink);
  }

  #takeBinary(block: Buffer, { from, count, more }: { from: number; count: number; more: number }): void {
    for (let at = from; at < from + count * 24 && block[at] !== 0; at += 24)
      this.#numbers.push(numberField(block, at, 12), numberField(block, at + 12, 12));
    this.#rest = block[more] === 0 ? undefined : 'binary';
  }

  /** Lines with a number each: how many pieces there are, then what is said of each; what is left of the last block means nothing. */
  #takeText(block: Buffer): void {
    this.ownBytes += blockSize;
    const lines = (this.#line + block.toString('latin1')).split('\n');
    this.#line = lines.pop() as string;
    for (const line of lines) {
      this.#numbers.push(decimal(line));
      if (this.#numbers.length <= (this.#numbers[0] as number) * 2) continue;
      this.#numbers.shift();
      this.#rest = undefined;
      return;
    }
  }
}

interface Piece {
  readonly at: number;
  readonly length: number;
}

/** Hands the stored bytes of a sparse file on, with the holes between them. */
export class SparseLayout {
  readonly #pieces: readonly Piece[];
  readonly #size: number;
  readonly #sink: SparseSink;
  #next = 0;
  /** How much of the file is handed on. */
  #at = 0;

  constructor(pieces: readonly Piece[], size: number, sink: SparseSink) {
    this.#pieces = pieces;
    this.#size = size;
    this.#sink = sink;
  }

  data(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = this.#pieces[this.#next] as Piece;
      this.#holeTo(piece.at);
      const taken = rest.subarray(0, piece.at + piece.length - this.#at);
      this.#sink.data(taken);
      this.#at += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#at === piece.at + piece.length) this.#next += 1;
    }
  }

  end(): void {
    this.#holeTo(this.#size);
  }

  #holeTo(place: number): void {
    if (place > this.#at) this.#sink.hole(place - this.#at);
    this.#at = Math.max(this.#at, place);
  }
}

function decimal(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw invalidLayer('a number in the map of a sparse file is malformed');
  return Number(text);
}

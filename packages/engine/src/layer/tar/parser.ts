import { bytesToPath } from '../../path/bytes.js';
import { invalidLayer, unsupportedLayer } from '../invalid.js';
import { blockSize, decodeHeader } from './header.js';
import { interpretEntry, type TarEntry } from './interpret.js';
import { decodePax, largestPax, type PaxRecords } from './pax.js';
import { type SparseLayout, SparseMap } from './sparse.js';

/** Takes entries as they go by. `data` gets slices of the chunks that were pushed, and may keep none of them. */
export interface TarSink {
  begin(entry: TarEntry): void;
  data(chunk: Uint8Array): void;
  /** So many zeros, which are not stored. A sink without this refuses sparse files. */
  hole?(length: number): void;
  end(): void;
}

/** Headers that describe the entry behind them. */
const metaFlags = new Map([
  ['x', 'pax'],
  ['g', 'global'],
  ['L', 'longName'],
  ['K', 'longLink'],
] as const);
type Meta = 'pax' | 'global' | 'longName' | 'longLink' | 'sparse';

/**
 * Reads a tar that is pushed in chunks of any size, synchronously: contents go through as slices, nothing is copied but headers
 * that lie across two chunks. What follows the end marker is ignored. Errors: `E_LAYER_INVALID`, `E_LAYER_UNSUPPORTED`.
 */
export class TarParser {
  readonly #sink: TarSink;
  readonly #block = Buffer.alloc(blockSize);
  /** Bytes of `#block` that are filled. */
  #held = 0;
  #state: 'header' | 'meta' | 'content' | 'padding' | 'done' = 'header';
  /** Bytes of the body, or of the padding, that are still to come. */
  #left = 0;
  #padding = 0;
  #name = '';
  #meta: { readonly kind: Meta; readonly body: Buffer; filled: number } | undefined;
  #pax: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;
  /** A sparse file whose map is not read to its end. */
  #mapped: { readonly map: SparseMap; readonly entry: TarEntry } | undefined;
  #layout: SparseLayout | undefined;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < bytes.length && this.#state !== 'done'; ) {
      if (this.#state === 'header') at = this.#takeHeader(bytes, at);
      else {
        const taken = Math.min(this.#left, bytes.length - at);
        if (this.#state === 'content') (this.#layout ?? this.#sink).data(bytes.subarray(at, at + taken));
        else if (this.#meta !== undefined)
          this.#meta.filled += bytes.copy(this.#meta.body, this.#meta.filled, at, at + taken);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) this.#bodyDone();
      }
    }
  }

  /** Says that no more bytes come. A tar may lack its end marker, but not the end of an entry. */
  finish(): void {
    const isBetween = this.#state === 'header' && this.#held === 0 && this.#pax === undefined;
    if (this.#state === 'done' || (isBetween && this.#longName === undefined)) return;
    // Some writers leave out the padding of the last entry.
    if (this.#state === 'padding' && this.#meta === undefined) return;
    throw invalidLayer('the tar ends in the middle', this.#name === '' ? undefined : this.#name);
  }

  #takeHeader(bytes: Buffer, at: number): number {
    if (this.#held === 0 && bytes.length - at >= blockSize) {
      this.#header(bytes.subarray(at, at + blockSize));
      return at + blockSize;
    }
    const taken = bytes.copy(this.#block, this.#held, at, Math.min(bytes.length, at + blockSize - this.#held));
    this.#held += taken;
    if (this.#held === blockSize) {
      this.#held = 0;
      this.#header(this.#block);
    }
    return at + taken;
  }

  #header(block: Buffer): void {
    const header = decodeHeader(block);
    if (header === undefined) {
      this.#state = 'done';
      return;
    }
    const kind = metaFlags.get(header.flag as 'x');
    if (kind !== undefined) {
      if (header.size > largestPax || header.size < 0)
        throw invalidLayer('an extended header is too large', header.name);
      this.#meta = { kind, body: Buffer.alloc(header.size), filled: 0 };
      this.#body('meta', header.size);
      return;
    }
    const entry = interpretEntry(header, { pax: this.#pax, longName: this.#longName, longLink: this.#longLink });
    const map = entry.type === 'file' ? SparseMap.of(block, header, this.#pax) : undefined;
    this.#pax = this.#longName = this.#longLink = undefined;
    this.#name = map?.name ?? entry.name;
    if (map !== undefined) this.#beginSparse(map, { ...entry, name: this.#name });
    else {
      this.#sink.begin(entry);
      this.#body('content', entry.size);
    }
  }

  /** Reads on in the map of a sparse file; behind it, the file begins. `entry` has the size that is stored. */
  #beginSparse(map: SparseMap, entry: TarEntry): void {
    const { hole } = this.#sink;
    if (hole === undefined) throw unsupportedLayer('sparse files are not supported', this.#name);
    this.#mapped = map.goesOn ? { map, entry } : undefined;
    if (map.goesOn) {
      this.#meta = { kind: 'sparse', body: Buffer.alloc(blockSize), filled: 0 };
      this.#body('meta', blockSize);
      return;
    }
    const stored = entry.size - map.ownBytes;
    const sink = { data: (chunk: Uint8Array) => this.#sink.data(chunk), hole };
    this.#layout = map.layout(stored, sink);
    this.#sink.begin({ ...entry, size: map.size });
    this.#body('content', stored);
  }

  #body(state: 'meta' | 'content', size: number): void {
    this.#state = state;
    this.#left = size;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
    if (size === 0) this.#bodyDone();
  }

  #bodyDone(): void {
    if (this.#state === 'content') {
      this.#layout?.end();
      this.#layout = undefined;
      this.#sink.end();
    } else if (this.#meta?.kind === 'sparse') {
      this.#mapDone(this.#meta.body);
      return;
    } else if (this.#state === 'meta') this.#metaDone();
    const padding = this.#state === 'padding' ? 0 : this.#padding;
    this.#state = padding === 0 ? 'header' : 'padding';
    this.#left = padding;
  }

  #metaDone(): void {
    const meta = this.#meta;
    this.#meta = undefined;
    if (meta === undefined || meta.kind === 'global') return;
    if (meta.kind === 'pax') {
      this.#pax = decodePax(meta.body);
      return;
    }
    const zero = meta.body.indexOf(0);
    const text = bytesToPath(zero === -1 ? meta.body : meta.body.subarray(0, zero));
    if (meta.kind === 'longName') this.#longName = text;
    else this.#longLink = text;
  }

  #mapDone(block: Buffer): void {
    const { map, entry } = this.#mapped as { map: SparseMap; entry: TarEntry };
    this.#meta = undefined;
    map.take(block);
    this.#beginSparse(map, entry);
  }
}

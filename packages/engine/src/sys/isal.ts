import { gzipSync } from 'node:zlib';
import { loadKoffi } from './koffi.js';
import { once } from './libc.js';

/** Where things are in ISA-L's `struct inflate_state`, and its size with room to spare (igzip_lib.h; the same in all of libisal.so.2). */
const at = { nextOut: 0, availableOut: 8, nextIn: 16, availableIn: 32, blockState: 21160, crcFlag: 21172 } as const;
const stateSize = 128 * 1024;
/** `ISAL_GZIP`: reads the header and checks the trailer. */
const gzip = 1;
/** `ISAL_BLOCK_FINISH` */
const finished = 5;

interface Functions {
  init(state: Buffer): void;
  reset(state: Buffer): void;
  inflate(state: Buffer): number;
  address(buffer: Uint8Array): bigint;
}

/** Inflates one gzip stream after another, on the calling thread, with ISA-L: at twice the speed of zlib. */
export class IsalInflater {
  readonly #library: Functions;
  readonly #state = Buffer.alloc(stateSize);
  /** Held, since only their addresses are in the state. */
  #input: Uint8Array = new Uint8Array();

  constructor(library: Functions) {
    this.#library = library;
    library.init(this.#state);
    this.#state.writeUInt32LE(gzip, at.crcFlag);
  }

  /** The next bytes of the stream. Those before have to be used up. */
  give(input: Uint8Array): void {
    this.#input = input;
    this.#state.writeBigUInt64LE(this.#library.address(input), at.nextIn);
    this.#state.writeUInt32LE(input.length, at.availableIn);
  }

  /** Bytes that were given and not used. */
  get left(): Uint8Array {
    return this.#input.subarray(this.#input.length - this.#state.readUInt32LE(at.availableIn));
  }

  get isAtEnd(): boolean {
    return this.#state.readUInt32LE(at.blockState) === finished;
  }

  /** Fills `output` as far as the input goes; gives the number of bytes, or a negative one where the stream is damaged. */
  inflate(output: Buffer): number {
    this.#state.writeBigUInt64LE(this.#library.address(output), at.nextOut);
    this.#state.writeUInt32LE(output.length, at.availableOut);
    const code = this.#library.inflate(this.#state);
    return code < 0 ? code : output.length - this.#state.readUInt32LE(at.availableOut);
  }

  /** Begins another stream with the bytes that are left. */
  next(): void {
    const { left } = this;
    this.#library.reset(this.#state);
    this.#state.writeUInt32LE(gzip, at.crcFlag);
    this.give(left);
  }
}

/** What makes inflaters; undefined where libisal.so.2 (Debian's libisal2) is not installed, or is not as it should be. */
export function isalInflaters(): (() => IsalInflater) | undefined {
  const library = loaded();
  return library && (() => new IsalInflater(library));
}

const loaded = once((): Functions | undefined => {
  try {
    const koffi = loadKoffi();
    const library = koffi.load('libisal.so.2');
    const functions: Functions = {
      init: library.func('void isal_inflate_init(void *state)'),
      reset: library.func('void isal_inflate_reset(void *state)'),
      inflate: library.func('int isal_inflate(void *state)'),
      address: buffer => BigInt(koffi.address(buffer)),
    };
    return works(functions) ? functions : undefined;
  } catch {
    return undefined;
  }
});

/** Whether what we know of the library's structure is true: two streams, the first of them in two parts. */
function works(library: Functions): boolean {
  const text = Buffer.from('as it should be '.repeat(64));
  const stream = gzipSync(text);
  const inflater = new IsalInflater(library);
  const output = Buffer.alloc(text.length * 2);
  const isWhole = (length: number): boolean => inflater.isAtEnd && output.subarray(0, length).equals(text);
  inflater.give(stream.subarray(0, 20));
  const first = inflater.inflate(output);
  inflater.give(Buffer.concat([stream.subarray(20), stream]));
  if (!isWhole(first + inflater.inflate(output.subarray(first)))) return false;
  inflater.next();
  return isWhole(inflater.inflate(output)) && inflater.left.length === 0;
}

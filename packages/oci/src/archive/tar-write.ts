import { OciError } from '../errors.js';

const block = 512;
/** The largest size that a ustar header holds in octal. */
const largestOctal = 8 * 1024 ** 3 - 1;

/** A member of a tar archive to be written. */
export interface TarMember {
  readonly name: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Uint8Array;
  /** Default 0644; a name that ends in `/` is a directory, 0755. */
  readonly mode?: number;
}

/** A tar archive with these members, owned by root, times 0: the same members give the same bytes. */
export async function* writeTar(
  members: Iterable<TarMember> | AsyncIterable<TarMember>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const member of members) {
    yield tarHeader(member);
    let written = 0;
    for await (const chunk of contentOf(member)) {
      written += chunk.byteLength;
      yield chunk;
    }
    if (written !== member.size) {
      throw new OciError('E_SIZE_MISMATCH', `${member.name} has ${written} bytes, not the ${member.size} announced`);
    }
    if (written % block !== 0) yield Buffer.alloc(block - (written % block));
  }
  yield Buffer.alloc(2 * block);
}

/** The header of a member, with a PAX record before it where ustar cannot hold the name or the size. */
function tarHeader(member: TarMember): Uint8Array {
  const name = Buffer.from(member.name);
  const records: string[] = [];
  if (name.byteLength > 100) records.push(paxRecord('path', member.name));
  if (member.size > largestOctal) records.push(paxRecord('size', String(member.size)));
  const directory = member.name.endsWith('/');
  const mode = member.mode ?? (directory ? 0o755 : 0o644);
  const size = member.size > largestOctal ? 0 : member.size;
  const own = ustarHeader(name, { mode, size, type: directory ? '5' : '0' });
  if (records.length === 0) return own;
  const pax = Buffer.from(records.join(''));
  const padding = Buffer.alloc((block - (pax.byteLength % block)) % block);
  const before = ustarHeader(Buffer.from('PaxHeaders/x'), { mode: 0o644, size: pax.byteLength, type: 'x' });
  return Buffer.concat([before, pax, padding, own]);
}

function ustarHeader(name: Uint8Array, { mode, size, type }: { mode: number; size: number; type: string }): Buffer {
  const header = Buffer.alloc(block);
  header.set(name.subarray(0, 100), 0);
  header.write(`${octal(mode, 7)}\0`, 100);
  header.write(`${octal(0, 7)}\0`, 108);
  header.write(`${octal(0, 7)}\0`, 116);
  header.write(`${octal(size, 11)}\0`, 124);
  header.write(`${octal(0, 11)}\0`, 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  header.write(`${octal(0, 7)}\0`, 329);
  header.write(`${octal(0, 7)}\0`, 337);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = Buffer.byteLength(rest);
  let digits = String(length).length;
  if (String(length + digits).length > digits) digits++;
  return `${length + digits}${rest}`;
}

async function* contentOf({ content }: TarMember): AsyncGenerator<Uint8Array, void, undefined> {
  if (content instanceof Uint8Array) yield content;
  else yield* content;
}

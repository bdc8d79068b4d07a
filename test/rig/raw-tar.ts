/** An entry of a tar as it is written, whatever a careful program would say of it. */
export interface RawEntry {
  readonly name: string;
  /** `0` file, `1` hard link, `2` symbolic link, `5` folder. */
  readonly type: '0' | '1' | '2' | '5';
  readonly link?: string;
  readonly text?: string;
}

const block = 512;

/** A plain ustar archive of entries that GNU tar would refuse to write: `..`, absolute names, links out of the root. */
export function rawTar(entries: readonly RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * block)]);
}

function entryBytes({ name, type, link = '', text = '' }: RawEntry): Buffer {
  const header = Buffer.alloc(block);
  const body = Buffer.from(text);
  if (Buffer.byteLength(name) > 99 || Buffer.byteLength(link) > 99) throw new Error('a name is too long for ustar');
  header.write(name, 0);
  header.write(type === '5' ? '0000755\0' : '0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('14000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((block - (body.length % block)) % block)]);
}

/** How a stream is compressed, told by its first bytes as containerd and BuildKit do. `none` says nothing of what it is. */
export type Compression = 'gzip' | 'bzip2' | 'xz' | 'zstd' | 'none';

/** How many bytes {@link detectCompression} looks at. */
export const compressionMagicSize = 6;

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

export function detectCompression(first: Uint8Array): Compression {
  for (const [compression, magic] of magics) if (magic.every((byte, i) => first[i] === byte)) return compression;
  // A zstd stream may begin with a skippable frame, 0x184D2A50 to …5F in little endian.
  const isSkippable = (first[0] ?? 0) >> 4 === 5 && first[1] === 0x2a && first[2] === 0x4d && first[3] === 0x18;
  return isSkippable ? 'zstd' : 'none';
}

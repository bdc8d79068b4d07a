const loadAddress = 0x400000n;
const fileHeader = 64;
const programHeader = 56;
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** ELF's number of an architecture (`process.arch`); undefined where nobody needed it yet. */
export function elfMachine(arch: string): number | undefined {
  return machines[arch];
}

/** An executable of one segment that holds its headers and this code, which starts at its first byte and loads no library. */
export function tinyElf(machine: number, code: Uint8Array): Buffer {
  const start = fileHeader + programHeader;
  const elf = Buffer.alloc(start + code.length);
  const size = BigInt(elf.length);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [
    [16, 2], // executable
    [18, machine],
    [20, 1], // version
    [52, fileHeader],
    [54, programHeader],
    [56, 1], // program headers
    [64, 1], // to be loaded
    [68, 5], // readable, executable
  ] as const) {
    elf.writeUInt16LE(value, at);
  }
  for (const [at, value] of [
    [24, loadAddress + BigInt(start)],
    [32, BigInt(fileHeader)],
    [80, loadAddress],
    [88, loadAddress],
    [96, size],
    [104, size],
    [112, 0x1000n],
  ] as const) {
    elf.writeBigUInt64LE(value, at);
  }
  elf.set(code, start);
  return elf;
}

import { checked, libc, pathArgument } from './libc.js';

const typeBits = { char: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

const mknod = libc.func('int mknod(const void *path, uint32_t mode, uint64_t dev)');
const mkfifo = libc.func('int mkfifo(const void *path, uint32_t mode)');

export interface DeviceNumbers {
  readonly major: number;
  readonly minor: number;
}

/** Makes a device node. Needs CAP_MKNOD in the initial user namespace, else `EPERM`. The umask applies to `mode`. */
export function makeDevice(
  path: string | Uint8Array,
  type: 'char' | 'block',
  mode: number,
  device: DeviceNumbers,
): void {
  checked(mknod(pathArgument(path), typeBits[type] | mode, encodeDevice(device)), 'mknod', path);
}

/** Makes a named pipe; anybody may. The umask applies to `mode`. */
export function makeFifo(path: string | Uint8Array, mode: number): void {
  checked(mkfifo(pathArgument(path), mode), 'mkfifo', path);
}

/** `dev_t` as glibc and musl put it together (`makedev(3)`). */
export function encodeDevice({ major, minor }: DeviceNumbers): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

/** The numbers in a `dev_t` (`st_rdev`). */
export function decodeDevice(dev: bigint): DeviceNumbers {
  return {
    major: Number(((dev >> 32n) & 0xfffff000n) | ((dev >> 8n) & 0xfffn)),
    minor: Number(((dev >> 12n) & 0xffffff00n) | (dev & 0xffn)),
  };
}

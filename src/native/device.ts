import { systemCall } from './libc.ts';

// By number: older C libraries have no such symbol.
const mknodat = systemCall<[number, string, number, bigint]>('mknodat', { x64: 259, arm64: 33 }, [
  'int',
  'str',
  'uint',
  'uint64_t',
]);

const typeBits = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const;

/** A device number as the kernel packs it. */
export function packDevice(major: number, minor: number): bigint {
  const high = BigInt(major);
  const low = BigInt(minor);
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

/** The numbers in `rdev` of a stat. */
export function unpackDevice(rdev: number | bigint): { readonly major: number; readonly minor: number } {
  const packed = BigInt(rdev);
  return {
    major: Number(((packed >> 32n) & 0xfffff000n) | ((packed >> 8n) & 0xfffn)),
    minor: Number(((packed >> 12n) & 0xffffff00n) | (packed & 0xffn)),
  };
}

/** Make a device node or a FIFO; `mode` is subject to the umask. @throws {NativeError} */
export function mknod(path: string, type: keyof typeof typeBits, mode: number, device: { major: number; minor: number }): void {
  mknodat.call(path, -100, path, typeBits[type] | mode, packDevice(device.major, device.minor));
}

/** Machine code of `exit(0)`, and the machine's number in an ELF header. By Node's names. */
const machines: Readonly<Record<string, { readonly elf: number; readonly code: string }>> = {
  // xor edi, edi; mov eax, 60; syscall
  x64: { elf: 62, code: '31ffb83c0000000f05' },
  // mov x0, #0; mov x8, #93; svc #0
  arm64: { elf: 183, code: '000080d2a80b80d2010000d4' },
};

const fileHeaderBytes = 64;
const programHeaderBytes = 56;
const loadAddress = 0x400000n;

/**
 * A program that needs nothing and does nothing, successfully: to see whether a sandbox works at all, without looking for a
 * program and its libraries on this machine. Undefined for machines whose code we don't know.
 */
export function trivialProgram(arch: string): Uint8Array | undefined {
  const machine = machines[arch];
  if (machine === undefined) return undefined;
  const code = Buffer.from(machine.code, 'hex');
  const start = fileHeaderBytes + programHeaderBytes;
  const sizeBytes = BigInt(start + code.length);
  const image = Buffer.alloc(start + code.length);
  // 64 bits, little-endian, ELF version 1, System V.
  image.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  image.writeUInt16LE(2, 16); // an executable
  image.writeUInt16LE(machine.elf, 18);
  image.writeUInt32LE(1, 20);
  image.writeBigUInt64LE(loadAddress + BigInt(start), 24);
  image.writeBigUInt64LE(BigInt(fileHeaderBytes), 32);
  image.writeUInt16LE(fileHeaderBytes, 52);
  image.writeUInt16LE(programHeaderBytes, 54);
  image.writeUInt16LE(1, 56);
  // One segment: all of the file, readable and executable.
  image.writeUInt32LE(1, 64);
  image.writeUInt32LE(5, 68);
  image.writeBigUInt64LE(loadAddress, 80);
  image.writeBigUInt64LE(loadAddress, 88);
  image.writeBigUInt64LE(sizeBytes, 96);
  image.writeBigUInt64LE(sizeBytes, 104);
  image.writeBigUInt64LE(0x1000n, 112);
  code.copy(image, start);
  return image;
}

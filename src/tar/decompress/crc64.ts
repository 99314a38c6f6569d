// CRC-64 with the polynomial of ECMA-182, reflected, as .xz uses it. In two halves, four bytes in one step.

const steps = 4;
const low = new Int32Array(steps * 256);
const high = new Int32Array(steps * 256);

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0xc96c5795d7870f42n : crc >> 1n;
    low[byte] = Number(crc & 0xffffffffn);
    high[byte] = Number(crc >> 32n);
  }
  for (let at = 256; at < steps * 256; at++) {
    const before = at - 256;
    const byte = low[before]! & 0xff;
    low[at] = ((low[before]! >>> 8) | (high[before]! << 24)) ^ low[byte]!;
    high[at] = (high[before]! >>> 8) ^ high[byte]!;
  }
}

/** CRC-64 of a stream. */
export class Crc64 {
  #low = -1;
  #high = -1;

  constructor() {
    if (high[1] === 0) fillTables();
  }

  update(bytes: Uint8Array): void {
    let crcLow = this.#low;
    let crcHigh = this.#high;
    let at = 0;
    for (; at + steps <= bytes.length; at += steps) {
      const mixed = crcLow ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      const a = 768 + (mixed & 0xff);
      const b = 512 + ((mixed >>> 8) & 0xff);
      const c = 256 + ((mixed >>> 16) & 0xff);
      const d = mixed >>> 24;
      crcLow = crcHigh ^ low[a]! ^ low[b]! ^ low[c]! ^ low[d]!;
      crcHigh = high[a]! ^ high[b]! ^ high[c]! ^ high[d]!;
    }
    for (; at < bytes.length; at++) {
      const byte = (crcLow ^ bytes[at]!) & 0xff;
      crcLow = ((crcLow >>> 8) | (crcHigh << 24)) ^ low[byte]!;
      crcHigh = (crcHigh >>> 8) ^ high[byte]!;
    }
    this.#low = crcLow;
    this.#high = crcHigh;
  }

  /** Eight bytes, the lowest first. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32LE(~this.#low, 0);
    bytes.writeInt32LE(~this.#high, 4);
    return bytes;
  }
}

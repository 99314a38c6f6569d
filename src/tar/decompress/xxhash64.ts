const lanes = 4;
const stripeBytes = 32;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

/** XXH64 of a stream, with seed 0 (xxHash fast digest algorithm, version 0.1.1). */
export class XxHash64 {
  // 64-bit numbers in two halves: a BigInt for every eight bytes would be slower than the decoding itself.
  readonly #high: Int32Array = new Int32Array(lanes);
  readonly #low: Int32Array = new Int32Array(lanes);
  readonly #rest: Buffer = Buffer.alloc(stripeBytes);
  #restFill = 0;
  #total = 0;

  constructor() {
    [prime1 + prime2, prime2, 0n, -prime1].forEach((seed, lane) => {
      this.#high[lane] = Number(wrap(seed) >> 32n);
      this.#low[lane] = Number(seed & 0xffffffffn);
    });
  }

  update(bytes: Uint8Array): void {
    this.#total += bytes.length;
    let at = 0;
    if (this.#restFill > 0) {
      at = Math.min(stripeBytes - this.#restFill, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restFill);
      this.#restFill += at;
      if (this.#restFill < stripeBytes) return;
      this.#stripes(this.#rest, 0, stripeBytes);
    }
    const end = bytes.length - ((bytes.length - at) % stripeBytes);
    this.#stripes(bytes, at, end);
    this.#rest.set(bytes.subarray(end), 0);
    this.#restFill = bytes.length - end;
  }

  /** The low 32 bits of the hash: what a zstd frame ends with. */
  digestLow(): number {
    let hash = wrap((this.#total < stripeBytes ? prime5 : this.#mergedLanes()) + BigInt(this.#total));
    const rest = this.#rest.subarray(0, this.#restFill);
    let at = 0;
    for (; at + 8 <= rest.length; at += 8) {
      hash = wrap(rotate(hash ^ round(rest.readBigUInt64LE(at)), 27n) * prime1 + prime4);
    }
    if (at + 4 <= rest.length) {
      hash = wrap(rotate(hash ^ wrap(BigInt(rest.readUInt32LE(at)) * prime1), 23n) * prime2 + prime3);
      at += 4;
    }
    for (; at < rest.length; at++) hash = wrap(rotate(hash ^ wrap(BigInt(rest[at]!) * prime5), 11n) * prime1);
    hash = wrap((hash ^ (hash >> 33n)) * prime2);
    hash = wrap((hash ^ (hash >> 29n)) * prime3);
    return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
  }

  #stripes(bytes: Uint8Array, from: number, to: number): void {
    for (let lane = 0; lane < lanes; lane++) {
      let high = this.#high[lane]!;
      let low = this.#low[lane]!;
      for (let at = from + lane * 8; at < to; at += stripeBytes) {
        const inLow = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
        const inHigh = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
        // Plus the input times prime 2 …
        const sum = (low >>> 0) + (Math.imul(inLow, 0x27d4eb4f) >>> 0);
        high +=
          mulHigh(inLow, 0x27d4eb4f) + Math.imul(inLow, 0xc2b2ae3d) + Math.imul(inHigh, 0x27d4eb4f) + (sum > 0xffffffff ? 1 : 0);
        // … rotated by 31 …
        const left = (high << 31) | ((sum | 0) >>> 1);
        const right = (sum << 31) | ((high | 0) >>> 1);
        // … times prime 1.
        low = Math.imul(right, 0x85ebca87);
        high = (mulHigh(right, 0x85ebca87) + Math.imul(right, 0x9e3779b1) + Math.imul(left, 0x85ebca87)) | 0;
      }
      this.#high[lane] = high;
      this.#low[lane] = low;
    }
  }

  #mergedLanes(): bigint {
    const values = Array.from(
      { length: lanes },
      (_, lane) => (BigInt(this.#high[lane]! >>> 0) << 32n) | BigInt(this.#low[lane]! >>> 0),
    );
    let hash = [1n, 7n, 12n, 18n].reduce((sum, by, lane) => sum + rotate(values[lane]!, by), 0n);
    for (const value of values) hash = wrap((wrap(hash) ^ round(value)) * prime1 + prime4);
    return hash;
  }
}

/** The high half of the product of two unsigned 32-bit numbers. */
function mulHigh(x: number, y: number): number {
  const low = Math.imul(x & 0xffff, y & 0xffff) >>> 0;
  const middle = (Math.imul(x >>> 16, y & 0xffff) >>> 0) + (low >>> 16);
  const cross = (Math.imul(x & 0xffff, y >>> 16) >>> 0) + (middle & 0xffff);
  return ((Math.imul(x >>> 16, y >>> 16) >>> 0) + (middle >>> 16) + (cross >>> 16)) | 0;
}

function round(lane: bigint): bigint {
  return wrap(rotate(wrap(lane * prime2), 31n) * prime1);
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotate(value: bigint, by: bigint): bigint {
  return wrap((value << by) | (value >> (64n - by)));
}

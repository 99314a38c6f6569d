import { SlipwayError } from '../base/index.ts';

/** Reads the fields of an SSH message in order. @see RFC 4251, section 5 */
export interface FieldReader {
  uint32(): number;
  string(): Buffer;
  text(): string;
  /** The bytes of a positive number, without the zero that marks it so. */
  mpint(): Buffer;
  /** What is not read yet. */
  rest(): Buffer;
}

/** @throws {SlipwayError} from each of its functions: `SSH_BAD_MESSAGE` the bytes end too early */
export function readFields(bytes: Uint8Array): FieldReader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > buffer.length) throw new SlipwayError('SSH_BAD_MESSAGE', 'the data ends too early');
    at += count;
    return buffer.subarray(at - count, at);
  };
  const uint32 = (): number => take(4).readUInt32BE();
  const string = (): Buffer => take(uint32());
  return {
    uint32,
    string,
    text: () => string().toString('latin1'),
    mpint: () => withoutZeros(string()),
    rest: () => buffer.subarray(at),
  };
}

/** A number as four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes with their length before them. */
export function string(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A positive number, from its big-endian bytes. */
export function mpint(value: Uint8Array): Buffer {
  const bytes = withoutZeros(Buffer.from(value));
  return string(bytes.length > 0 && (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

function withoutZeros(bytes: Buffer): Buffer {
  let start = 0;
  while (bytes[start] === 0) start += 1;
  return bytes.subarray(start);
}

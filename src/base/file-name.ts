import { isUtf8 } from 'node:buffer';

/**
 * File names are bytes on Linux and text here. A byte that is not UTF-8 becomes the lone surrogate U+DC00 + byte,
 * which no valid text holds, so that `encodeFileName` gives back the very same bytes.
 */
export function decodeFileName(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(bytes)) return buffer.toString('utf8');
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    if (length === 0) text += String.fromCharCode(0xdc00 + (buffer[at] ?? 0));
    else text += buffer.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

/** The bytes of a name made by `decodeFileName`, or of any other text. */
export function encodeFileName(name: string): Buffer {
  if (!hasRawBytes(name)) return Buffer.from(name, 'utf8');
  const parts: Buffer[] = [];
  for (const char of name) {
    const code = char.codePointAt(0) ?? 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Does `name` hold bytes that are not UTF-8? */
export function hasRawBytes(name: string): boolean {
  return /\p{Surrogate}/u.test(name);
}

/** Length in bytes of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(buffer: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= buffer.length; length++) {
    if (isUtf8(buffer.subarray(at, at + length))) return length;
  }
  return 0;
}

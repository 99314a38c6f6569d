import { badCompression } from './errors.ts';
import type { ByteInput } from './input.ts';
import { LzmaDecoder } from './lzma.ts';
import { Window } from './window.ts';

/** Read the chunks of LZMA2 up to their end. Consumes just their bytes. @throws {SlipwayError} `TAR_BAD_COMPRESSION` */
export async function* readLzma2(input: ByteInput, dictionaryBytes: number): AsyncGenerator<Uint8Array> {
  const window = new Window(dictionaryBytes);
  const decoder = new LzmaDecoder(window, dictionaryBytes);
  // What the next chunk must bring, since nothing is there to go on with.
  let wantsDictionary = true;
  let wantsProperties = true;
  for (;;) {
    await input.need(1);
    const control = input.bytes[input.at]!;
    input.at += 1;
    if (control === 0) return;
    const isPacked = control >= 0x80;
    if (!isPacked && control > 2) throw badCompression('xz', 'a chunk is of an unknown kind');
    const resetsDictionary = control >= 0xe0 || control === 1;
    if (wantsDictionary && !resetsDictionary) throw badCompression('xz', 'its first chunk goes on with a dictionary');
    if (resetsDictionary) decoder.resetDictionary();
    wantsDictionary = false;

    await input.need(isPacked ? 5 : 2);
    const header = input.bytes.subarray(input.at);
    const sizeBytes = header.readUInt16BE(0) + 1 + (isPacked ? (control & 0x1f) * 0x10000 : 0);
    if (isPacked) {
      const packedBytes = header.readUInt16BE(2) + 1;
      const resets = (control >> 5) & 3;
      const bringsProperties = resets >= 2;
      if (bringsProperties) decoder.setProperties(header[4]!);
      else if (wantsProperties) throw badCompression('xz', 'its first chunk has no properties');
      if (resets >= 1) decoder.resetState();
      wantsProperties = false;
      input.at += bringsProperties ? 5 : 4;
      await input.need(packedBytes);
      window.reserve(sizeBytes);
      decoder.decode(input.bytes, input.at, input.at + packedBytes, sizeBytes);
      input.at += packedBytes;
    } else {
      input.at += 2;
      await input.need(sizeBytes);
      window.reserve(sizeBytes);
      window.buffer.set(input.bytes.subarray(input.at, input.at + sizeBytes), window.at);
      window.at += sizeBytes;
      decoder.skip(sizeBytes);
      input.at += sizeBytes;
    }
    // A copy: the window goes on changing.
    yield Buffer.from(window.buffer.subarray(window.at - sizeBytes, window.at));
  }
}

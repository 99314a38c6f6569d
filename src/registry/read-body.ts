import { HostFailure } from './failure.ts';
import type { WireResponse } from './transport.ts';

/** The whole body, refused as soon as it is longer than `limitBytes`. */
export async function readBody(response: WireResponse, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const announced = Number(response.header('content-length'));
    if (announced > limitBytes) throw tooBig(limitBytes);
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > limitBytes) throw tooBig(limitBytes);
      chunks.push(chunk);
    }
  } finally {
    await response.discard();
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

function tooBig(limitBytes: number): HostFailure {
  return new HostFailure('REG_BAD_RESPONSE', `the answer is longer than the ${limitBytes} bytes allowed for it`);
}

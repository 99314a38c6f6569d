import { hasRawBytes } from '../base/index.ts';
import { type Digest, digestOf } from '../oci/index.ts';
import type { KeyPart } from './ports.ts';

/** Digest of the parts, every field framed by its length, so that no two lists of parts collide. */
export function keyOf(kind: 'op' | 'definition' | 'content', parts: readonly KeyPart[]): Digest {
  let text = `slipway-key-1 ${kind} ${parts.length}\n`;
  for (const { name, value } of parts) text += `${Buffer.byteLength(name)}:${name}${Buffer.byteLength(value)}:${value}`;
  // Lone surrogates would all become the same three bytes of UTF-8.
  return digestOf(hasRawBytes(text) ? `raw ${JSON.stringify(text)}` : text);
}

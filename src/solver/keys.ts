import { type Digest, digestOf } from '../oci/index.ts';
import type { KeyPart } from './ports.ts';

/** Digest of the parts, every field framed by its length, so that no two lists of parts collide. */
export function keyOf(kind: 'op' | 'definition' | 'content', parts: readonly KeyPart[]): Digest {
  let text = `slipway-key-1 ${kind} ${parts.length}\n`;
  for (const { name, value } of parts) text += `${Buffer.byteLength(name)}:${name}${Buffer.byteLength(value)}:${value}`;
  return digestOf(text);
}

import { SlipwayError } from '../../src/base/index.ts';
import type { FuzzTarget } from './targets.ts';

/** Numbers in [0, 1). */
export type Random = () => number;

/** Numbers that are the same for the same seed. @see mulberry32 */
export function randomNumbers(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const maxBytes = 200_000;
const words =
  '${ } \\ \n \r\n \0 " \' [ ] { } , = : / .. << <<- EOF # * ? ** ! 0 -1 99999999999999999999 \u{1F600} \uFEFF null [] {}'.split(
    ' ',
  );

/** One of the samples, changed in a few places. */
export function mutate(samples: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = Buffer.from(samples[below(random, samples.length)] ?? []);
  for (let left = 1 + below(random, 6); left > 0; left--) bytes = change(bytes, samples, random);
  return bytes.subarray(0, maxBytes);
}

function change(bytes: Buffer, samples: readonly Uint8Array[], random: Random): Buffer<ArrayBuffer> {
  const at = below(random, bytes.length + 1);
  const end = at + below(random, Math.min(bytes.length - at, 1 << below(random, 12)) + 1);
  const put = (middle: Uint8Array, from = end): Buffer<ArrayBuffer> =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(from)]);
  switch (below(random, 8)) {
    case 0:
      return put(Buffer.alloc(0));
    case 1:
      return put(Buffer.from(words[below(random, words.length)] ?? ''), at);
    case 2:
      return put(Buffer.concat(Array.from({ length: 1 + below(random, 20) }, () => bytes.subarray(at, end))));
    case 3:
      return Buffer.from(bytes.subarray(0, at));
    case 4: {
      const other = samples[below(random, samples.length)] ?? bytes;
      return put(other.subarray(below(random, other.length)));
    }
    case 5:
      return put(Buffer.from([0, 0xff, 0x7f, 0x80][below(random, 4)]!.toString(16).padStart(2, '0'), 'hex'), at + 1);
    default: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << below(random, 8));
      return changed;
    }
  }
}

/**
 * Read one input made from `seed`.
 * @returns what is wrong: anything thrown that is no SlipwayError, or the code that stands for it; else `undefined`
 */
export async function tryOne({ samples, read }: FuzzTarget, seed: number): Promise<unknown> {
  try {
    await read(mutate(samples, randomNumbers(seed)));
    return undefined;
  } catch (error) {
    return error instanceof SlipwayError && error.code !== 'INTERNAL_ERROR' ? undefined : error;
  }
}

/** Replaces secret values in a stream of bytes. */
export interface Mask {
  /** The part of `data`, and of what was held back before, that can be shown now. */
  apply(data: Uint8Array): Uint8Array;
  /** What is still held back, at the end. */
  flush(): Uint8Array;
}

const stars = Buffer.from('****');

/**
 * Values as they are, and each of their lines that is long enough to mean something: a tool may print a key line by line. Shorter
 * ones would hide harmless text.
 */
const shortestBytes = 4;

/**
 * A mask for `secrets`. A value may be cut anywhere between two chunks: an end that could be the beginning of one is held back
 * until more is known.
 */
export function createMask(secrets: Iterable<Uint8Array>): Mask | undefined {
  const values = new Map<string, Buffer>();
  for (const secret of secrets) {
    const text = Buffer.from(secret).toString('latin1');
    for (const part of [text.replace(/\r?\n$/, ''), ...text.split(/\r?\n/)])
      if (part.length >= shortestBytes) values.set(part, Buffer.from(part, 'latin1'));
  }
  if (values.size === 0) return undefined;
  const longestFirst = [...values.values()].sort((a, b) => b.length - a.length);
  let held: Buffer = Buffer.alloc(0);
  return {
    apply(data) {
      const { shown, rest } = cut(Buffer.concat([held, data]), longestFirst);
      held = rest;
      return shown;
    },
    flush() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest;
    },
  };
}

function cut(input: Buffer, values: readonly Buffer[]): { readonly shown: Buffer; readonly rest: Buffer } {
  const out: Buffer[] = [];
  let from = 0;
  for (;;) {
    const next = firstOf(input, from, values);
    if (next === undefined) break;
    out.push(input.subarray(from, next.at), stars);
    from = next.at + next.length;
  }
  const keep = heldBack(input.subarray(from), values);
  out.push(input.subarray(from, input.length - keep));
  return { shown: Buffer.concat(out), rest: Buffer.from(input.subarray(input.length - keep)) };
}

/** The earliest value in `input`; of those that begin at one place, the longest. */
function firstOf(
  input: Buffer,
  from: number,
  values: readonly Buffer[],
): { readonly at: number; readonly length: number } | undefined {
  let best: { readonly at: number; readonly length: number } | undefined;
  for (const value of values) {
    const at = input.indexOf(value, from);
    if (at >= 0 && (best === undefined || at < best.at)) best = { at, length: value.length };
  }
  return best;
}

/** How many bytes at the end of `input` could be the beginning of a value. */
function heldBack(input: Buffer, values: readonly Buffer[]): number {
  const longest = values[0]?.length ?? 0;
  for (let length = Math.min(longest - 1, input.length); length > 0; length--) {
    const end = input.subarray(input.length - length);
    if (values.some((value) => value.length > length && value.subarray(0, length).equals(end))) return length;
  }
  return 0;
}

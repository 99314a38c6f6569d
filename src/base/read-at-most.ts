/** Fills the start of `buffer` with what comes next, and tells how many bytes that were; 0 at the end. */
type ReadInto = (buffer: Uint8Array) => number;

const chunkBytes = 64 * 1024;

/** All that `read` gives; `undefined` as soon as that is more than `limitBytes`, so that a file without end does no harm. */
export function readAtMost(read: ReadInto, limitBytes: number): Buffer | undefined {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const buffer = new Uint8Array(chunkBytes);
    const count = read(buffer);
    if (count === 0) return Buffer.concat(chunks, sizeBytes);
    chunks.push(buffer.subarray(0, count));
    sizeBytes += count;
    if (sizeBytes > limitBytes) return undefined;
  }
}

/** A longer Dockerfile is refused, as it is by BuildKit, whose messages hold no more. */
export const maxDockerfileBytes: number = 16 << 20;

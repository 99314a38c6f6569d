/** Blocks of exactly `blockBytes`, the last one shorter. Each is a copy of its own. */
export async function* cutIntoBlocks(chunks: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Uint8Array> {
  let block = Buffer.allocUnsafeSlow(blockBytes);
  let fill = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const count = Math.min(blockBytes - fill, chunk.length - at);
      block.set(chunk.subarray(at, at + count), fill);
      fill += count;
      at += count;
      if (fill < blockBytes) continue;
      yield block;
      block = Buffer.allocUnsafeSlow(blockBytes);
      fill = 0;
    }
  }
  if (fill > 0) yield block.subarray(0, fill);
}

/** How many at once; a function is asked again for each. */
export type Parallel = number | (() => number);

/** The results of `work` over `blocks`, in their order, up to `limit` of them under way. Ends only when all that began has ended. */
export async function* inOrder<T>(
  blocks: AsyncIterable<Uint8Array>,
  limit: Parallel,
  work: (block: Uint8Array) => Promise<T>,
): AsyncGenerator<T> {
  const running: Promise<T>[] = [];
  const most = typeof limit === 'number' ? () => limit : limit;
  try {
    for await (const block of blocks) {
      const result = work(block);
      // Awaited in order below; a failure must not count as unhandled before its turn comes.
      result.catch(() => undefined);
      running.push(result);
      while (running.length >= most()) {
        const first = running.shift();
        if (first === undefined) break;
        yield await first;
      }
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next;
  } finally {
    await Promise.allSettled(running);
  }
}

/**
 * Run `work` over `items`, at most `limit` at a time. When one fails, the others are told to stop and awaited
 * before the first error leaves.
 */
async function parallel<T>(
  items: Iterable<T>,
  limit: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const queue = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    try {
      for (let next = queue.next(); next.done !== true && !either.aborted; next = queue.next()) {
        await work(next.value, either);
      }
    } catch (error) {
      failures.push(error);
      stop.abort(error);
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failures.length > 0) throw failures[0];
  signal.throwIfAborted();
}

/** Like `Promise.all(items.map(work))`, but siblings of a failure are stopped and awaited first. */
export async function mapParallel<T, R>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  await parallel(items.entries(), limit, signal, async ([index, item], inner) => {
    results[index] = await work(item, inner);
  });
  return results;
}

/** Like `Promise.all`, but no work is still under way when it rejects. */
export async function settleAll<T, V>(items: readonly T[], work: (item: T, index: number) => Promise<V>): Promise<V[]> {
  const settled = await Promise.allSettled(items.map(work));
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

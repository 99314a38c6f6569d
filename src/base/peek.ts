/** A source whose beginning was looked at. Dispose of it to end the source, however far it was read. */
export interface Peeked extends AsyncDisposable {
  readonly first: Uint8Array;
  /** All of the source, its beginning included; to be read once. */
  readonly all: AsyncIterable<Uint8Array>;
}

/** Look at the first `sizeBytes` bytes of `source`, or at fewer where it has no more. */
export async function peek(source: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  let first = new Uint8Array();
  while (first.byteLength < sizeBytes) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = first.byteLength === 0 ? new Uint8Array(next.value) : Buffer.concat([first, next.value]);
  }
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => iterator };
  return {
    first,
    all: (async function* () {
      if (first.byteLength > 0) yield first;
      yield* rest;
    })(),
    [Symbol.asyncDispose]: async () => void (await iterator.return?.()),
  };
}

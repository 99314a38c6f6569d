import { expect, test } from 'vitest';
import { peek } from './peek.ts';

async function* chunksOf(chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

test('peek() gives the whole source after a look at its beginning', async () => {
  for (const chunks of [['abc', 'def', 'g'], ['a', 'b'], ['abcdefgh'], [], ['', 'x']]) {
    await using peeked = await peek(chunksOf(chunks), 4);
    const whole = chunks.join('');
    expect(Buffer.from(peeked.first).toString().slice(0, 4)).toBe(whole.slice(0, 4));
    let read = '';
    for await (const chunk of peeked.all) read += Buffer.from(chunk).toString();
    expect(read).toBe(whole);
  }
});

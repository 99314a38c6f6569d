import type { TarMember } from './member.ts';
import { createTarParser } from './parser.ts';

/**
 * The members of an uncompressed tar, without their content. For the content use `createTarParser`, or read at `offset`.
 *
 * @throws {SlipwayError} as `TarParser`.
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  let found: TarMember[] = [];
  const parser = createTarParser({ onMember: (member) => void found.push(member) });
  for await (const chunk of chunks) {
    parser.write(chunk);
    if (found.length === 0) continue;
    yield* found;
    found = [];
  }
  parser.end();
}

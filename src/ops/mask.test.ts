import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMask } from './mask.ts';

function masked(secrets: readonly string[], chunks: readonly string[]): string {
  const mask = createMask(secrets.map((secret) => Buffer.from(secret)));
  if (mask === undefined) return chunks.join('');
  return Buffer.concat([...chunks.map((chunk) => mask.apply(Buffer.from(chunk))), mask.flush()]).toString();
}

test.for([
  ['a value', ['hunter22'], ['password hunter22 ok'], 'password **** ok'],
  ['a value cut between chunks', ['hunter22'], ['x hun', 'ter', '22 y'], 'x **** y'],
  ['a beginning that turns out harmless', ['hunter22'], ['x hun', 'dred'], 'x hundred'],
  ['a beginning at the end', ['hunter22'], ['x hunt'], 'x hunt'],
  ['the longer of two values', ['abcd', 'abcdef'], ['abcdef'], '****'],
  ['a value with a line end', ['token-1\n'], ['token-1'], '****'],
  ['each line of a key', ['line-one\nline-two\n'], ['x line-two y'], 'x **** y'],
  ['nothing for values too short to mean something', ['ab'], ['cab'], 'cab'],
] as const)('createMask() hides %s', ([, secrets, chunks, expected]) => {
  expect(masked(secrets, chunks)).toBe(expected);
});

test('createMask() never lets a value through, wherever the output is cut', () => {
  const secret = 'abcab-cabca';
  const text = fc.array(fc.constantFrom('abcab', '-', 'cabca', secret, 'x'), { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (whole, cuts) => {
      const places = [...new Set([0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length])].sort((a, b) => a - b);
      const chunks = places.slice(1).map((place, index) => whole.slice(places[index], place));
      const shown = masked([secret], chunks);
      expect(shown).not.toContain(secret);
      expect(shown).toBe(masked([secret], [whole]));
    }),
  );
});

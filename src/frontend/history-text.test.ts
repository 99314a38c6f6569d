import { expect, test } from 'vitest';
import { goDuration, goQuote, plainList, quotedList } from './history-text.ts';

test.for([
  ['plain', '"plain"'],
  ['a "b" \\c', '"a \\"b\\" \\\\c"'],
  ['line\nand\ttab', '"line\\nand\\ttab"'],
  ['\u0000\u001b\u007f', '"\\x00\\x1b\\x7f"'],
  ['é 日本 🙂', '"é 日本 🙂"'],
  ['\u00a0\u200b', '"\\u00a0\\u200b"'],
  ['\u{e0001}', '"\\U000e0001"'],
] as const)('goQuote(%j) is %s', ([text, quoted]) => {
  expect(goQuote(text)).toBe(quoted);
});

test.for([
  [0, '0s'],
  [1, '1ns'],
  [1_500, '1.5µs'],
  [100_000_000, '100ms'],
  [1_500_000_000, '1.5s'],
  [90_000_000_000, '1m30s'],
  [3_600_000_000_000, '1h0m0s'],
  [5_430_500_000_000, '1h30m30.5s'],
] as const)('goDuration(%d) is %s', ([ns, text]) => {
  expect(goDuration(ns)).toBe(text);
});

test('lists are printed in brackets, without commas', () => {
  expect(quotedList(['a', 'b c'])).toBe('["a" "b c"]');
  expect(plainList(['a', 'b c'])).toBe('[a b c]');
  expect(quotedList([])).toBe('[]');
});

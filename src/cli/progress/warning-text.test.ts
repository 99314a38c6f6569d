import { expect, test } from 'vitest';
import { warningText } from './warning-text.ts';

const at = { file: 'Dockerfile', start: { line: 4, column: 3 }, end: { line: 4, column: 5 } };

test('warningText() ends with the line of the instruction, else with that of the place', () => {
  expect(warningText({ kind: 'warning', code: 'X', message: 'no', at, line: 2, atMs: 0 })).toBe('X: no (line 2)');
  expect(warningText({ kind: 'warning', message: 'no', at, atMs: 0 })).toBe('no (line 4)');
  expect(warningText({ kind: 'warning', code: 'X', message: 'no', atMs: 0 })).toBe('X: no');
});

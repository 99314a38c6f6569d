import { expect, test } from 'vitest';
import { renderCodeFrame } from './code-frame.ts';

function frame(lines: readonly string[], line: number, column: number, endLine: number, endColumn: number): string {
  return renderCodeFrame(lines, { file: 'Dockerfile', start: { line, column }, end: { line: endLine, column: endColumn } });
}

test('renderCodeFrame() shows the place, the line before, the line and carets', () => {
  const lines = ['FROM alpine:3.20', 'COPY --from=bulid app .'];
  expect(frame(lines, 2, 13, 2, 18)).toBe(
    ['  Dockerfile:2:13', '  1 │ FROM alpine:3.20', '  2 │ COPY --from=bulid app .', '    │             ^^^^^', ''].join('\n'),
  );
});

test('renderCodeFrame() aligns line numbers of different width', () => {
  const lines = Array.from({ length: 10 }, (_, index) => `L${index + 1}`);
  expect(frame(lines, 10, 1, 10, 2)).toBe(['  Dockerfile:10:1', '   9 │ L9', '  10 │ L10', '     │ ^', ''].join('\n'));
});

test('renderCodeFrame() shows the first line without one before it, and no blank after an empty line', () => {
  expect(frame(['FROM a'], 1, 1, 1, 5)).toBe('  Dockerfile:1:1\n  1 │ FROM a\n    │ ^^^^\n');
  expect(frame(['', 'x'], 2, 1, 2, 2)).toBe('  Dockerfile:2:1\n  1 │\n  2 │ x\n    │ ^\n');
});

test('renderCodeFrame() underlines to the end of the first line of a longer span', () => {
  expect(frame(['RUN a \\', '  b'], 1, 5, 2, 4)).toBe('  Dockerfile:1:5\n  1 │ RUN a \\\n    │     ^^^\n');
});

test('renderCodeFrame() puts one caret under an empty span, and survives one past the end', () => {
  expect(frame(['abc'], 1, 2, 1, 2)).toContain('    │  ^\n');
  expect(frame(['abc'], 1, 9, 1, 12)).toContain('    │    ^\n');
  expect(frame(['abc'], 7, 1, 7, 2)).toBe('  Dockerfile:7:1\n');
});

test('renderCodeFrame() keeps tabs in the padding and makes control characters visible', () => {
  expect(frame(['\tRUN x'], 1, 6, 1, 7)).toContain('    │ \t    ^\n');
  expect(frame(['RUN \u001b[31m\u009b'], 1, 1, 1, 4)).toContain('RUN \u241b[31m\u2421\n');
});

test('renderCodeFrame() shows a window of a very long line', () => {
  const text = frame([`${'a'.repeat(5000)}HERE${'b'.repeat(5000)}`], 1, 5001, 1, 5005);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(220);
  const [, shown = '', carets = ''] = text.split('\n');
  expect(shown.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('HERE');
});

import { describe, expect, test } from 'vitest';
import { SlipwayError, type SourceSpan } from '../base/index.ts';
import { renderCodeFrame } from '../dockerfile/index.ts';
import { StepError } from '../solver/index.ts';
import { plainPaint } from './progress/colors.ts';
import { type ErrorView, renderError } from './render-error.ts';

const source = 'FROM alpine:3.20 AS build\nWORKDIR /x\r\nRUN make --all\n';
const at = (line: number, from: number, to: number): SourceSpan => ({
  file: 'Dockerfile',
  start: { line, column: from },
  end: { line, column: to },
});
const view: ErrorView = { paint: plainPaint, frame: renderCodeFrame, debug: false, logsShown: false, sourceText: () => source };
const step = (more: Partial<ConstructorParameters<typeof StepError>[0]> = {}): StepError => {
  const error = new StepError(
    { command: '/bin/sh -c make --all', exitCode: 2, outOfMemory: false, logTail: '', ...more },
    at(3, 1, 15),
  );
  error.step = '[build 3/3] RUN make --all';
  return error;
};

const cases: readonly (readonly [string, SlipwayError, Partial<ErrorView>?])[] = [
  ['a sentence', new SlipwayError('CLI_X', 'there is no `x`')],
  ['a hint', new SlipwayError('CLI_X', 'there is no `x`', { hint: 'did you mean `y`?' })],
  ['a place', new SlipwayError('DF_UNKNOWN_STAGE', '`FROM` names `alpin`', { at: at(1, 6, 17), hint: 'did you mean `alpine`?' })],
  ['a place whose text is gone', new SlipwayError('DF_X', 'no good', { at: at(1, 6, 17) }), { sourceText: () => undefined }],
  ['a failed step', step({ logTail: 'gcc -c a.c\na.c:1: no such thing\r\n' })],
  ['a failed step whose output was shown', step({ logTail: 'gcc -c a.c\n' }), { logsShown: true }],
  ['a failed step without output', step()],
  ['a failed step with much output', step({ logTail: Array.from({ length: 14 }, (_, i) => `line ${i + 1}\n`).join('') })],
  ['a killed step', step({ exitCode: 137 })],
  ['a step without memory', step({ exitCode: 137, outOfMemory: true })],
  ['a missing program', step({ exitCode: 127, logTail: '/bin/sh: make: not found' })],
  ['a fault of ours', new SlipwayError('INTERNAL_ERROR', 'x is undefined', { class: 'internal' })],
];

describe('renderError()', () => {
  test.for(cases)('CLI-11 shows %s', async ([name, error, more]) => {
    await expect(renderError(error, { ...view, ...more })).toMatchFileSnapshot(
      `../../testdata/errors/${name.replaceAll(' ', '-')}.txt`,
    );
  });

  test('shows every mistake of a Dockerfile', async () => {
    const diagnostics = [
      { code: 'DF_A', message: 'first', at: at(1, 1, 5), hint: 'do this' },
      { code: 'DF_B', message: 'second', at: at(3, 5, 9) },
    ];
    const error = Object.assign(new SlipwayError('DF_A', 'first', { at: at(1, 1, 5) }), { diagnostics });
    await expect(renderError(error, view)).toMatchFileSnapshot('../../testdata/errors/several-mistakes.txt');
  });

  test('shows the first hundred of thousands of mistakes, and reads their file once', () => {
    const diagnostics = Array.from({ length: 5000 }, () => ({ code: 'DF_A', message: 'bad \u001b[31m word', at: at(1, 1, 5) }));
    const error = Object.assign(new SlipwayError('DF_A', 'first', { at: at(1, 1, 5) }), { diagnostics });
    let reads = 0;
    const sourceText = (): string => {
      reads += 1;
      return source;
    };
    const text = renderError(error, { ...view, sourceText });
    expect(reads).toBe(1);
    expect(text.match(/^error\[DF_A\]: bad \uFFFD\[31m word$/gm)).toHaveLength(100);
    expect(text.endsWith('\n… and 4900 more\n\n5000 errors\n')).toBe(true);
  });

  test('shows stacks and causes to who debugs', () => {
    const error = new SlipwayError('REG_X', 'outer', { cause: new TypeError('inner') });
    const text = renderError(error, { ...view, debug: true });
    expect(text).toMatch(/^error\[REG_X\]: outer\n {2}thrown at: SlipwayError: outer\n {4}at /);
    expect(text).toMatch(/\n {2}caused by: TypeError: inner\n {4}at /);
  });

  test('paints the word error and nothing a person needs', () => {
    const text = renderError(new SlipwayError('CLI_X', 'm'), { ...view, paint: (role, part) => `<${role}>${part}</>` });
    expect(text).toBe('<error>error[CLI_X]</>: m\n');
  });
});

import type { SourceSpan } from '../../base/index.ts';
import type { Diagnostic, Dockerfile, Instruction } from '../instruction.ts';
import { ownPage } from './own-page.ts';
import type { Problem, Rule, TextEdit } from './rule.ts';

export const slipwayTrailingComment: Rule = {
  name: 'SlipwayTrailingComment',
  phase: 'parse',
  description: 'A comment at the end of an instruction is read as its arguments',
  url: ownPage('SlipwayTrailingComment'),
  isOwn: true,
  *find({ file, diagnostics }): Generator<Problem> {
    for (const diagnostic of diagnostics) {
      const { code, severity, message, at, hint } = diagnostic;
      // What is certainly a comment is an error of the parser already.
      if (code !== 'DF_TRAILING_COMMENT' || severity === 'error') continue;
      const on = file.instructions.find((one) => contains(one, at));
      const edits = moveCommentUp(file, diagnostic);
      yield { message: capitalised(message), at, on, ...(hint === undefined ? {} : { hint }), edits };
    }
  },
};

/**
 * The edits that put a comment behind an instruction on a line of its own above it; none for another mistake, or
 * where the `#` may be meant as an argument.
 */
export function moveCommentUp({ lines }: Dockerfile, { code, severity, at }: Diagnostic): readonly TextEdit[] {
  if (code !== 'DF_TRAILING_COMMENT') return [];
  const { start, end } = at;
  const line = lines[start.line - 1];
  if (line === undefined || start.line !== end.line) return [];
  const comment = line.slice(start.column - 1, end.column - 1);
  if (severity === 'warning' && !/^#+(?:\s|$)/.test(comment)) return [];
  // On the line above it might be read as a directive.
  if (/^#\s*[a-zA-Z][a-zA-Z0-9]*\s*=/.test(comment)) return [];
  const first = firstLine(lines, start.line);
  const indent = /^\s*/.exec(lines[first - 1] ?? '')?.[0] ?? '';
  const blanks = line.slice(0, start.column - 1).length - line.slice(0, start.column - 1).trimEnd().length;
  const { file } = at;
  return [
    { span: { file, start: { line: first, column: 1 }, end: { line: first, column: 1 } }, text: `${indent}${comment}\n` },
    { span: { file, start: { line: start.line, column: start.column - blanks }, end }, text: '' },
  ];
}

/** Where the instruction begins that goes on to this line. */
function firstLine(lines: readonly string[], line: number): number {
  let first = line;
  while (first > 1 && /[\\`][ \t]*$/.test(lines[first - 2] ?? '') && !/^\s*#/.test(lines[first - 2] ?? '')) first -= 1;
  return first;
}

function contains({ span }: Instruction, { start }: SourceSpan): boolean {
  return span.start.line <= start.line && start.line <= span.end.line;
}

function capitalised(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}

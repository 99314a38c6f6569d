import type { SourcePosition, SourceSpan } from '../base/index.ts';

/** One physical line's share of a logical line; `column` is where `text` starts, 1-based. */
export interface Piece {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Continued lines joined to one text that still knows where each character came from. */
export interface LogicalLine {
  readonly text: string;
  /** First and last physical line, 1-based. */
  readonly line: number;
  readonly endLine: number;
  /** Where `text.slice(start, end)` stands in the file. */
  spanOf(start: number, end: number): SourceSpan;
  /** The offset where the physical line that holds `offset` ends. */
  endOfPhysicalLine(offset: number): number;
}

/** Join the pieces; there must be at least one. */
export function joinPieces(file: string, pieces: readonly Piece[], endLine: number): LogicalLine {
  const offsets: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    offsets.push(length);
    length += piece.text.length;
  }
  const position = (offset: number): SourcePosition => {
    const index = lastAtMost(offsets, offset);
    const piece = pieces[index];
    return { line: piece?.line ?? 1, column: (piece?.column ?? 1) + offset - (offsets[index] ?? 0) };
  };
  return {
    text: pieces.map((piece) => piece.text).join(''),
    line: pieces[0]?.line ?? 1,
    endLine,
    spanOf(start, end) {
      const from = position(start);
      if (end <= start) return { file, start: from, end: from };
      const last = position(end - 1);
      return { file, start: from, end: { line: last.line, column: last.column + 1 } };
    },
    endOfPhysicalLine: (offset) => offsets[lastAtMost(offsets, offset) + 1] ?? length,
  };
}

/** A logical line without a place of its own: every span is `at`. */
export function lineAt(text: string, at: SourceSpan): LogicalLine {
  return { text, line: at.start.line, endLine: at.end.line, spanOf: () => at, endOfPhysicalLine: () => text.length };
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

import type { SourceSpan } from '../base/index.ts';
import type { Io } from './io.ts';
import { type Paint, paintFrom, plainPaint } from './progress/colors.ts';

/** Something about a file that a person should see. */
export interface Remark {
  readonly severity: 'error' | 'warning';
  /** A code or the name of a rule. */
  readonly name: string;
  readonly message: string;
  readonly at: SourceSpan;
  readonly hint?: string | undefined;
}

/** Each remark with its place in the text and its hint, a blank line between them. */
export function renderRemarks(remarks: readonly Remark[], frame: (at: SourceSpan) => string, paint: Paint): string {
  return remarks
    .map(({ severity, name, message, at, hint }) => {
      const head = paint(severity, `${severity}[${name}]`);
      return `${head}: ${message}\n\n${frame(at)}${hint === undefined ? '' : `  hint: ${hint}\n`}`;
    })
    .join('\n');
}

/** The colours that standard error can show. */
export function stderrPaint(io: Io): Paint {
  return io.stderr.isTerminal ? paintFrom(io.env) : plainPaint;
}

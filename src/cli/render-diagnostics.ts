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

/** So many are shown: nobody reads more, and a file that is no Dockerfile has one on each line. */
export const maxShown = 100;

/** The line after the last one that is shown. */
export function moreThanShown(count: number): string {
  return `\n… and ${count - maxShown} more\n`;
}

/** Without control characters, so that words taken from a file can't steer a terminal. */
export function withoutControls(text: string): string {
  return text.replace(/(?![\t\n])\p{Cc}/gu, '\uFFFD');
}

/** Each remark with its place in the text and its hint, a blank line between them; the first hundred of them. */
export function renderRemarks(remarks: readonly Remark[], frame: (at: SourceSpan) => string, paint: Paint): string {
  const shown = remarks
    .slice(0, maxShown)
    .map(({ severity, name, message, at, hint }) => {
      const head = paint(severity, `${severity}[${name}]`);
      return `${head}: ${withoutControls(message)}\n\n${frame(at)}${hint === undefined ? '' : `  hint: ${hint}\n`}`;
    })
    .join('\n');
  return remarks.length > maxShown ? shown + moreThanShown(remarks.length) : shown;
}

/** The colours that standard error can show. */
export function stderrPaint(io: Io): Paint {
  return io.stderr.isTerminal ? paintFrom(io.env) : plainPaint;
}

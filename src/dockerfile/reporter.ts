import type { SourceSpan } from '../base/index.ts';
import type { Diagnostic } from './instruction.ts';
import { isOfSplitting } from './first-mistake.ts';

type Code = Diagnostic['code'];

/** Collects what is wrong with a Dockerfile. */
export class Reporter {
  readonly #found: Diagnostic[] = [];
  readonly #errorsAre: Diagnostic['severity'];
  readonly #parent: Reporter | undefined;
  #lines: Diagnostic['lines'] | undefined;

  constructor(errorsAre: Diagnostic['severity'] = 'error', parent?: Reporter) {
    this.#errorsAre = errorsAre;
    this.#parent = parent;
  }

  /** A reporter into the same list whose errors are only warnings, but for those of the whole file's layout. */
  softened(): Reporter {
    return new Reporter('warning', this);
  }

  /** What is found from here on belongs to the instruction on these lines. */
  enter(lines: Diagnostic['lines']): void {
    this.#lines = lines;
  }

  /** What is found from here on belongs to no instruction. */
  leave(): void {
    this.#lines = undefined;
  }

  error(code: Code, message: string, at: SourceSpan, hint?: string): void {
    const severity = isOfSplitting(code) ? 'error' : this.#errorsAre;
    this.#add({ severity, code, message, at, ...(hint === undefined ? {} : { hint }) });
  }

  warning(code: Code, message: string, at: SourceSpan, more: { hint?: string; rule?: string } = {}): void {
    this.#add({ severity: 'warning', code, message, at, ...more });
  }

  /** Everything found, in the order of the file. */
  diagnostics(): readonly Diagnostic[] {
    return this.#found.toSorted((a, b) => a.at.start.line - b.at.start.line || a.at.start.column - b.at.start.column);
  }

  #add(diagnostic: Omit<Diagnostic, 'lines'>): void {
    if (this.#parent !== undefined) return this.#parent.#add(diagnostic);
    const { start, end } = diagnostic.at;
    this.#found.push({ ...diagnostic, lines: this.#lines ?? { first: start.line, last: end.line } });
  }
}

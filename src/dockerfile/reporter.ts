import type { SourceSpan } from '../base/index.ts';
import type { Diagnostic } from './instruction.ts';

type Code = Diagnostic['code'];

/** Collects what is wrong with a Dockerfile. */
export class Reporter {
  readonly #found: Diagnostic[] = [];
  readonly #errorsAre: Diagnostic['severity'];
  readonly #parent: Reporter | undefined;

  constructor(errorsAre: Diagnostic['severity'] = 'error', parent?: Reporter) {
    this.#errorsAre = errorsAre;
    this.#parent = parent;
  }

  /** A reporter into the same list whose errors are only warnings. */
  softened(): Reporter {
    return new Reporter('warning', this);
  }

  error(code: Code, message: string, at: SourceSpan, hint?: string): void {
    this.#add({ severity: this.#errorsAre, code, message, at, ...(hint === undefined ? {} : { hint }) });
  }

  warning(code: Code, message: string, at: SourceSpan, more: { hint?: string; rule?: string } = {}): void {
    this.#add({ severity: 'warning', code, message, at, ...more });
  }

  /** Everything found, in the order of the file. */
  diagnostics(): readonly Diagnostic[] {
    return this.#found.toSorted((a, b) => a.at.start.line - b.at.start.line || a.at.start.column - b.at.start.column);
  }

  #add(diagnostic: Diagnostic): void {
    if (this.#parent === undefined) this.#found.push(diagnostic);
    else this.#parent.#add(diagnostic);
  }
}

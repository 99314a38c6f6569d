import type { SourceSpan } from '../../base/index.ts';
import type { Diagnostic } from '../instruction.ts';
import type { Finding } from './check.ts';
import type { TextEdit } from './rule.ts';

/** A finding or a mistake, as formats for other programs need it. */
export interface Remark {
  readonly severity: 'error' | 'warning';
  /** Name of the rule, or code of the mistake. */
  readonly name: string;
  readonly message: string;
  readonly description: string;
  readonly url: string | undefined;
  readonly at: SourceSpan;
  readonly edits: readonly TextEdit[];
}

/** Mistakes and findings together, in the order of the file. */
export function toRemarks(findings: readonly Finding[], errors: readonly Diagnostic[]): readonly Remark[] {
  const mistakes = errors.map(
    ({ severity, code, message, at }): Remark => ({
      severity,
      name: code,
      message,
      description: message,
      url: undefined,
      at,
      edits: [],
    }),
  );
  const doubts = findings.map(
    ({ rule, message, description, url, at, edits }): Remark => ({
      severity: 'warning',
      name: rule,
      message,
      description,
      url,
      at,
      edits,
    }),
  );
  return [...mistakes, ...doubts].sort((a, b) => a.at.start.line - b.at.start.line || a.at.start.column - b.at.start.column);
}

import type { ErrorCode, SourceSpan } from '../../base/index.ts';
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

/** What is wrong with a Dockerfile, whoever found it. */
export interface FileMistake {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: SourceSpan;
  readonly hint?: string | undefined;
}

/** Mistakes and findings together, in the order of the file. */
export function toRemarks(findings: readonly Finding[], errors: readonly FileMistake[]): readonly Remark[] {
  const mistakes = errors.map(
    ({ code, message, at }): Remark => ({
      severity: 'error',
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

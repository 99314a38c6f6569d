import type { Finding } from './check.ts';

/** The result of BuildKit's `lint` request. */
export interface LintJson {
  readonly warnings: readonly LintWarning[] | null;
  readonly sources: readonly { readonly filename: string; readonly data: string; readonly language: 'Dockerfile' }[];
  readonly buildError?: { readonly message: string; readonly location: LintLocation };
}

interface LintWarning {
  readonly ruleName: string;
  readonly description: string;
  readonly url?: string;
  readonly detail: string;
  readonly location: LintLocation;
}

export interface LintLocation {
  readonly sourceIndex?: number;
  /** One for each line. */
  readonly ranges?: readonly { readonly start: { readonly line: number }; readonly end: { readonly line: number } }[];
}

/** A mistake that stops the build, as BuildKit words it. */
export interface LintError {
  readonly message: string;
  readonly lines: { readonly first: number; readonly last: number } | undefined;
}

/** `source` is the file as base64 of its bytes. */
export function toLintJson(
  findings: readonly Finding[],
  error: LintError | undefined,
  source: { readonly filename: string; readonly base64: string },
): LintJson {
  const warnings = findings.map(
    ({ rule, description, url, message, lines }): LintWarning => ({
      ruleName: rule,
      description,
      ...(url === undefined ? {} : { url }),
      detail: message,
      location: linesLocation(lines.first, lines.last),
    }),
  );
  return {
    warnings: warnings.length === 0 ? null : warnings,
    sources: [{ filename: source.filename, data: source.base64, language: 'Dockerfile' }],
    ...(error === undefined
      ? {}
      : {
          buildError: {
            message: error.message,
            location: error.lines === undefined ? {} : linesLocation(error.lines.first, error.lines.last),
          },
        }),
  };
}

export function linesLocation(first: number, last: number): LintLocation {
  const count = Math.max(1, last - first + 1);
  return {
    ranges: Array.from({ length: count }, (_, index) => ({ start: { line: first + index }, end: { line: first + index } })),
  };
}

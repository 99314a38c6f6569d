import type { Diagnostic } from './instruction.ts';

/** A mistake as BuildKit words it. */
export interface Mistake {
  readonly message: string;
  readonly lines: Diagnostic['lines'];
}

/** Found while BuildKit splits the file into instructions, before it reads any of them. */
const ofSplitting: ReadonlySet<string> = new Set([
  'DF_BAD_ESCAPE',
  'DF_BAD_PAIR',
  'DF_DUPLICATE_DIRECTIVE',
  'DF_EMPTY_FILE',
  'DF_JSON_NOT_STRINGS',
  'DF_LINE_TOO_LONG',
  'DF_NO_INSTRUCTIONS',
  'DF_UNTERMINATED_HEREDOC',
]);
/** Found while it looks at all stages. */
const ofStages: ReadonlySet<string> = new Set(['DF_FROM_VARIABLE', 'DF_NO_STAGE_YET', 'DF_NO_STAGES']);

export function isOfSplitting(code: string): boolean {
  return ofSplitting.has(code);
}

/** The one mistake that BuildKit tells of a file that can't be read. */
export function firstMistake(diagnostics: readonly Diagnostic[]): (Mistake & { readonly isOfSplitting: boolean }) | undefined {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const first = errors.find(({ code }) => ofSplitting.has(code)) ?? errors[0];
  if (first === undefined) return undefined;
  const { code, message, lines } = first;
  const isBare = ofSplitting.has(code) || ofStages.has(code);
  return {
    message: isBare ? message : `dockerfile parse error on line ${lines.first}: ${message}`,
    lines,
    isOfSplitting: ofSplitting.has(code),
  };
}

import { SlipwayError } from '../base/index.ts';
import type { Diagnostic } from '../dockerfile/index.ts';

/** A Dockerfile that can't be built as it stands, with every mistake that was found in it. */
export class DockerfileError extends SlipwayError {
  override readonly name = 'DockerfileError';
  /** All errors, in the order of the file; the error itself repeats the first. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly [Diagnostic, ...Diagnostic[]]) {
    const [first] = diagnostics;
    super(first.code, first.message, { at: first.at, hint: first.hint });
    this.diagnostics = diagnostics;
  }
}

import { type SlipwayError, toSlipwayError } from '../base/index.ts';
import { brokenPipeExitCode, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { paintFrom, plainPaint } from './progress/colors.ts';
import { errorJson } from './progress/json.ts';
import { renderError } from './render-error.ts';

export interface ReportOptions {
  readonly debug: boolean;
  /** Instead of the table's code, for failures that aren't a Ctrl-C. */
  readonly failureCode?: number | undefined;
  /** As one line of JSON. */
  readonly json?: boolean;
  /** Has the output of failed steps been shown already? */
  readonly logsShown?: boolean;
  /** Text of the file that an error's place names. */
  readonly sourceText?: (file: string) => string | undefined;
}

/** Tell the user what went wrong.
 * @returns the exit code */
export async function reportError(thrown: unknown, io: Io, options: ReportOptions): Promise<number> {
  if (io.stdout.isBroken) return brokenPipeExitCode;
  const error: SlipwayError = toSlipwayError(thrown);
  if (options.json === true) io.stderr.write(`${JSON.stringify({ kind: 'build-failed', error: errorJson(error) })}\n`);
  else {
    // Loaded now, since only a failure needs the whole Dockerfile folder before the library is there.
    const { renderCodeFrame } = await import('../dockerfile/index.ts');
    io.stderr.write(
      renderError(error, {
        paint: io.stderr.isTerminal ? paintFrom(io.env) : plainPaint,
        frame: renderCodeFrame,
        debug: options.debug,
        logsShown: options.logsShown === true,
        sourceText: options.sourceText ?? (() => undefined),
      }),
    );
  }
  return error.class === 'cancelled' ? exitCodes.cancelled : (options.failureCode ?? exitCodes[error.class]);
}

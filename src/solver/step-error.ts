import { formatBytes, SlipwayError, type SourceSpan } from '../base/index.ts';

export interface StepFailure {
  /** The process's words, joined by blanks. */
  readonly command: string;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** What the step was allowed to use, where the caller set it. */
  readonly memoryLimitBytes?: number | undefined;
  /** The last lines of its output. */
  readonly logTail: string;
}

/** A command of the user's own failed: not a fault of the builder. */
export class StepError extends SlipwayError {
  override readonly name = 'StepError';
  readonly exitCode: number;
  readonly logTail: string;
  readonly outOfMemory: boolean;
  /** Progress name of the step, `[build 2/3] RUN make`; set by the engine, which knows it. */
  step: string | undefined;

  constructor(failure: StepFailure, at?: SourceSpan) {
    super(
      'STEP_FAILED',
      `process "${onOneLine(failure.command)}" did not complete successfully: exit code: ${failure.exitCode}`,
      {
        class: 'step',
        at,
        hint: hintFor(failure),
      },
    );
    this.exitCode = failure.exitCode;
    this.logTail = failure.logTail;
    this.outOfMemory = failure.outOfMemory;
  }
}

/** A heredoc is a word with line ends. */
function onOneLine(command: string): string {
  return command.replace(/[\n\r\t]/g, (end) => JSON.stringify(end).slice(1, -1));
}

function hintFor({ exitCode, outOfMemory, memoryLimitBytes }: StepFailure): string | undefined {
  if (outOfMemory && memoryLimitBytes !== undefined)
    return `the kernel ended a process: raise the memory limit of ${formatBytes(memoryLimitBytes)}, or let the step do less at once`;
  if (outOfMemory)
    return 'the kernel ended a process because memory ran out: give the machine more, or let the step do less at once';
  if (exitCode === 127) return 'a command was not found: is its package installed in this stage, and is it on PATH?';
  if (exitCode === 126) return 'a file was found but could not be executed: check its mode and its interpreter line';
  return undefined;
}

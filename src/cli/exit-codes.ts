import type { ErrorClass } from '../base/index.ts';

/** What the command's exit code says: who has to act. The whole table is here. */
export const exitCodes: Readonly<Record<ErrorClass | 'ok', number>> = {
  ok: 0,
  /** A RUN of the Dockerfile ended with a failure of its own. */
  step: 1,
  /** The Dockerfile, a flag, the context, a name that does not exist. */
  input: 2,
  /** A registry refused or could not be reached. */
  registry: 3,
  /** A right of this machine is missing. */
  permission: 4,
  /** The disk or the memory is full. */
  resource: 5,
  /** A fault of Slipway. */
  internal: 100,
  /** Ctrl-C. */
  cancelled: 130,
};

/** `slipway run` ends with the code of the process it ran, so its own failures need a code that programs do not use. */
export const runFailedExitCode: number = 125;

/** The reader of standard output went away, as a shell reports SIGPIPE. */
export const brokenPipeExitCode: number = 141;

import { fileFault } from './file-fault.ts';

/** `PREFIX_NAME`; each folder lists its own codes, and docs/errors.md lists them all. */
export type ErrorCode = `${Uppercase<string>}_${Uppercase<string>}`;

/** A place in a text file. Lines and columns are 1-based, columns count UTF-16 units, `end` is exclusive. */
export interface SourceSpan {
  readonly file: string;
  readonly start: SourcePosition;
  readonly end: SourcePosition;
}

export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Who has to act; the CLI maps each class to one exit code. */
export type ErrorClass = 'step' | 'input' | 'registry' | 'permission' | 'resource' | 'cancelled' | 'internal';

export interface ErrorDetails {
  readonly at?: SourceSpan | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly class?: ErrorClass | undefined;
}

/** The one error of this library. Branch on `code` and `class`, never on the message. */
export class SlipwayError extends Error {
  override readonly name: string = 'SlipwayError';
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  /** Where in the Dockerfile (or ignore file) the cause stands. */
  at: SourceSpan | undefined;
  /** What to try; the renderer adds the word "hint". */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.class = details.class ?? 'input';
    this.at = details.at;
    this.hint = details.hint;
  }
}

/** Wrap whatever was thrown, so that callers see one type; a `SlipwayError` passes unchanged. */
export function toSlipwayError(thrown: unknown): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  if (isNodeError(thrown) && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')) {
    return new SlipwayError('STORE_NO_SPACE', `no space left on the disk: ${thrown.message}`, {
      class: 'resource',
      cause: thrown,
      hint: 'free some space, or run `slipway prune`, and build again',
    });
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') return cancelled(thrown);
  const fault = isNodeError(thrown) ? fileFault(thrown) : undefined;
  if (fault !== undefined) return new SlipwayError('FILE_FAULT', fault.message, { class: fault.class, cause: thrown });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SlipwayError('INTERNAL_ERROR', message, { class: 'internal', cause: thrown });
}

export function cancelled(cause?: unknown): SlipwayError {
  return new SlipwayError('BUILD_CANCELLED', 'the build was cancelled', { class: 'cancelled', cause });
}

export function isNodeError(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
}

/** Is this "no such file or directory"? */
export function isNotFound(thrown: unknown): boolean {
  return isNodeError(thrown) && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
}

/** What `work` returns; undefined where the file it asks for, or a directory on the way to it, is not there. */
export function ifThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Is there nothing to read under that name: no such file, or a directory? */
export function isNoFile(thrown: unknown): boolean {
  return isNotFound(thrown) || (isNodeError(thrown) && thrown.code === 'EISDIR');
}

/** What went wrong with a file whose name the caller tells: `permission denied`. */
export function reasonOf(thrown: unknown): string {
  return (isNodeError(thrown) ? fileFault(thrown)?.words : undefined) ?? toSlipwayError(thrown).message;
}

/** What `work` reads; undefined where the file it asks for is not there, or is a directory. */
export function ifFile<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error;
  }
}

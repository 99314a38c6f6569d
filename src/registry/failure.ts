import { type ErrorCode, type ErrorDetails, SlipwayError } from '../base/index.ts';

/** What a registry, or the way to it, refused. */
export class RegistryError extends SlipwayError {
  override readonly name = 'RegistryError';
  /** HTTP status of the last answer; absent when there was none. */
  readonly status: number | undefined;
  /** Codes of the last answer's error body, such as `MANIFEST_BLOB_UNKNOWN`. */
  readonly serverCodes: readonly string[];

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails & { readonly status?: number | undefined; readonly serverCodes?: readonly string[] | undefined } = {},
  ) {
    super(code, message, { class: 'registry', ...details });
    this.status = details.status;
    this.serverCodes = details.serverCodes ?? [];
  }
}

export interface FailureDetails {
  readonly status?: number | undefined;
  readonly serverCodes?: readonly string[] | undefined;
  /** Asking again later may help. */
  readonly transient?: boolean | undefined;
  /** How long the server wants us to wait. */
  readonly retryAfterMs?: number | undefined;
  /** A time limit of ours ended it. */
  readonly timedOut?: boolean | undefined;
  /** The host couldn't be reached at all. */
  readonly unreachable?: boolean | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** Why one host did not do what was asked; inner form, turned into a `RegistryError` that names the image and every host tried. */
export class HostFailure extends Error {
  readonly code: ErrorCode;
  readonly details: FailureDetails;

  constructor(code: ErrorCode, reason: string, details: FailureDetails = {}) {
    super(reason, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

/** A host that was asked, and why that was not enough. */
export interface Attempt {
  /** `https://registry-1.docker.io`, with the word `mirror` where it is one. */
  readonly place: string;
  readonly failure: HostFailure;
}

/**
 * One error for all hosts that were tried. `what` completes "cannot …". The refusal of the last host, which is the image's
 * own registry, decides code and hint.
 */
export function explainAttempts(what: string, attempts: readonly Attempt[]): RegistryError {
  const last = attempts.at(-1);
  if (last === undefined) return new RegistryError('REG_UNREACHABLE', `cannot ${what}: no host to ask`);
  const { failure } = last;
  const list = attempts.map(({ place, failure: each }) => `\n  ${place}: ${each.message}`).join('');
  const message =
    attempts.length === 1
      ? `cannot ${what}: ${failure.message} (${last.place})`
      : `cannot ${what}: ${failure.message}; tried:${list}`;
  return new RegistryError(failure.code, message, {
    hint: failure.details.hint,
    cause: failure.details.cause,
    status: failure.details.status,
    serverCodes: failure.details.serverCodes,
  });
}

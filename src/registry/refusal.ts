import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { type FailureDetails, HostFailure } from './failure.ts';
import { readBody } from './read-body.ts';
import { parseErrorBody } from './server-text.ts';
import type { WireResponse } from './transport.ts';
import { parseRetryAfter } from './tuning.ts';

export type Access = 'pull' | 'push';

const maxErrorBytes = 64 * 1024;

/** Turn an answer that is none of the expected ones into words; reads its body. */
export async function refusal(response: WireResponse, access: Access, secrets: readonly string[]): Promise<HostFailure> {
  const { status } = response;
  const body = await readBody(response, maxErrorBytes).catch(() => new Uint8Array());
  const { codes, text } = parseErrorBody(body, response.header('content-type') ?? '', secrets);
  const said = text === '' ? '' : `: ${text}`;
  const details: FailureDetails = { status, serverCodes: codes };
  if (status === 401 || status === 403) return new HostFailure('REG_DENIED', `${status}${said}`, details);
  if (status === 404) {
    const hint =
      access === 'pull'
        ? 'check the name and the tag'
        : 'check the name of the repository; some registries want it created first';
    return new HostFailure('REG_NOT_FOUND', `not found${said}`, { ...details, hint });
  }
  if (status === 429) {
    const retryAfterMs = parseRetryAfter(response.header('retry-after'), Date.now());
    const wait = retryAfterMs === undefined ? '' : ` (it asks to wait ${Math.ceil(retryAfterMs / 1000)} s)`;
    const hint = 'log in to raise the limit, use a mirror, or try again later';
    return new HostFailure('REG_RATE_LIMITED', `too many requests${wait}${said}`, {
      ...details,
      transient: true,
      retryAfterMs,
      hint,
    });
  }
  if (status === 408 || status >= 500) {
    const retryAfterMs = status === 503 ? parseRetryAfter(response.header('retry-after'), Date.now()) : undefined;
    return new HostFailure('REG_SERVER_ERROR', `the server answered ${status}${said}`, {
      ...details,
      transient: status !== 501,
      retryAfterMs,
    });
  }
  return new HostFailure('REG_REFUSED', `the server answered ${status}${said}`, details);
}

/** Complete a refusal for lack of rights with what the user can do about it. */
export function denied(
  failure: HostFailure,
  access: Access,
  endpoint: Endpoint,
  credentials: Credentials | undefined,
): HostFailure {
  const login = endpoint.host === 'docker.io' ? '`docker login`' : `\`docker login ${endpoint.host}\``;
  const hint =
    credentials === undefined
      ? `check the name; if the repository is private, log in with ${login}`
      : credentials.kind === 'none'
        ? `asked without credentials, because ${credentials.why}; log in with ${login}`
        : `check the name, and that the account known for \`${endpoint.host}\` may ${access}; ${login} sets another`;
  const reason = `${access} access denied, repository does not exist or may require authorization: ${failure.message}`;
  return new HostFailure('REG_DENIED', reason, { ...failure.details, hint });
}

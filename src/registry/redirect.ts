import { HostFailure } from './failure.ts';
import { publicUrl } from './server-text.ts';
import type { Transport, WireRequest, WireResponse } from './transport.ts';

const maxRedirects = 10;

export interface FollowedResponse {
  readonly response: WireResponse;
  /** The answer comes from another host than was asked: it never saw our credentials. */
  readonly crossed: boolean;
}

/**
 * Send and follow redirects. `Authorization` goes to the scheme, host and port first asked and to no other, not even when a
 * later redirect leads back there.
 * @throws {HostFailure} `REG_BAD_REDIRECT` too many, or to where we don't go
 */
export async function sendFollowing(transport: Transport, request: WireRequest): Promise<FollowedResponse> {
  let { url, headers } = request;
  let crossed = false;
  for (let hops = 0; ; hops += 1) {
    const response = await transport.send({ ...request, url, headers });
    if (!isRedirect(response.status, request.method)) return { response, crossed };
    const next = redirectTarget(transport, response);
    await response.discard();
    if (hops >= maxRedirects)
      throw new HostFailure('REG_BAD_REDIRECT', `more than ${maxRedirects} redirects, the last to ${publicUrl(next)}`);
    if (next.origin !== url.origin && !crossed) {
      crossed = true;
      const { authorization: _dropped, ...rest } = headers;
      headers = rest;
    }
    url = next;
  }
}

/** Only 307 and 308 keep the method of a request that writes. */
function isRedirect(status: number, method: WireRequest['method']): boolean {
  if (status === 307 || status === 308) return true;
  return (method === 'GET' || method === 'HEAD') && (status === 301 || status === 302 || status === 303);
}

function redirectTarget(transport: Transport, response: WireResponse): URL {
  const location = response.header('location') ?? '';
  if (location === '' || !URL.canParse(location, response.url.href)) {
    throw new HostFailure('REG_BAD_REDIRECT', `a redirect (${response.status}) without a usable Location`);
  }
  const next = new URL(location, response.url);
  checkTarget(transport, response.url, next);
  return next;
}

/** May a server at `from` send us to `next`? @throws {HostFailure} `REG_BAD_REDIRECT` */
export function checkTarget(transport: Transport, from: URL, next: URL): void {
  if (next.protocol !== 'https:' && next.protocol !== 'http:') {
    throw new HostFailure('REG_BAD_REDIRECT', `a redirect to \`${publicUrl(next)}\`, which is no web address`);
  }
  if (next.protocol === 'http:' && from.protocol === 'https:' && !transport.allowsPlainHttp(next)) {
    throw new HostFailure('REG_BAD_REDIRECT', `a redirect from HTTPS to plain HTTP at ${publicUrl(next)}`, {
      hint: `if that is meant, list \`${next.host}\` as an insecure registry`,
    });
  }
}

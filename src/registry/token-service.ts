import { basicHeader, type Credentials } from './credentials.ts';
import { HostFailure } from './failure.ts';
import { readBody } from './read-body.ts';
import { type FollowedResponse, sendFollowing } from './redirect.ts';
import { parseErrorBody, publicUrl } from './server-text.ts';
import type { Transport, WireRequest, WireResponse } from './transport.ts';

export interface TokenRequest {
  readonly realm: URL;
  readonly service: string | undefined;
  /** Merged and sorted. */
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
}

export interface BearerToken {
  readonly token: string;
  readonly lifetimeMs: number;
}

const clientId = 'slipway';
const maxAnswerBytes = 1024 * 1024;
/** What services answer that know only the other way to ask. */
const wrongWay = new Set([400, 401, 404, 405]);

/**
 * Get a bearer token. An identity token is exchanged by POST, and where the service doesn't know that, by GET as a password.
 * A password goes by GET, which every service knows in one round trip; by POST where GET is not known.
 * @throws {HostFailure} `REG_DENIED`, `REG_AUTH_FAILED`, or the network's
 */
export async function fetchToken(transport: Transport, request: TokenRequest, signal: AbortSignal): Promise<BearerToken> {
  const { credentials } = request;
  const ways =
    credentials?.kind === 'identity-token'
      ? [
          postRequest(request, { grant_type: 'refresh_token', refresh_token: credentials.token }),
          getRequest(request, ['<token>', credentials.token]),
        ]
      : credentials?.kind === 'basic'
        ? [
            getRequest(request, [credentials.username, credentials.password]),
            postRequest(request, {
              grant_type: 'password',
              username: credentials.username,
              password: credentials.password,
              access_type: 'offline',
            }),
          ]
        : [getRequest(request, undefined)];
  const [first, second] = ways as [Omit<WireRequest, 'signal'>, Omit<WireRequest, 'signal'> | undefined];
  let answer: FollowedResponse = await sendFollowing(transport, { ...first, signal });
  const { status } = answer.response;
  const otherWay = first.method === 'POST' ? wrongWay.has(status) : status === 404 || status === 405;
  if (second !== undefined && otherWay) {
    await answer.response.discard();
    answer = await sendFollowing(transport, { ...second, signal });
  }
  return readToken(answer.response, request);
}

function getRequest(
  { realm, service, scopes }: TokenRequest,
  login: readonly [string, string] | undefined,
): Omit<WireRequest, 'signal'> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (login !== undefined && login[0] !== '<token>') url.searchParams.set('account', login[0]);
  return { method: 'GET', url, headers: login === undefined ? {} : { authorization: basicHeader(...login) } };
}

function postRequest(
  { realm, service, scopes }: TokenRequest,
  grant: Readonly<Record<string, string>>,
): Omit<WireRequest, 'signal'> {
  const form = new URLSearchParams({ ...grant, client_id: clientId });
  if (service !== undefined) form.set('service', service);
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const bytes = Buffer.from(form.toString());
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: { sizeBytes: bytes.byteLength, open: () => bytes },
  };
}

async function readToken(response: WireResponse, { realm, credentials }: TokenRequest): Promise<BearerToken> {
  const { status } = response;
  const body = await readBody(response, maxAnswerBytes);
  const place = publicUrl(realm);
  if (status !== 200) {
    const said = parseErrorBody(body, response.header('content-type') ?? '', secretsOf(credentials));
    const detail = said.text === '' ? '' : `: ${said.text}`;
    if (status === 401 || status === 403) {
      throw new HostFailure(
        'REG_DENIED',
        `the token service ${place} refused ${credentials === undefined ? 'us' : 'the credentials'} (${status})${detail}`,
        { status },
      );
    }
    const transient = status === 429 || status >= 500;
    throw new HostFailure('REG_AUTH_FAILED', `the token service ${place} answered ${status}${detail}`, { status, transient });
  }
  const raw = parseJson(body);
  const token = typeof raw['token'] === 'string' && raw['token'] !== '' ? raw['token'] : raw['access_token'];
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new HostFailure('REG_AUTH_FAILED', `the token service ${place} sent no token`);
  }
  const seconds = typeof raw['expires_in'] === 'number' && raw['expires_in'] > 0 ? raw['expires_in'] : 60;
  return { token, lifetimeMs: Math.min(seconds, 24 * 3600) * 1000 };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  try {
    const raw: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  } catch {
    return {}; // the parser's words would quote the answer, token and all
  }
}

/** Everything in `credentials` that no message may show. */
export function secretsOf(credentials: Credentials | undefined): readonly string[] {
  switch (credentials?.kind) {
    case 'basic':
      return [credentials.password, basicHeader(credentials.username, credentials.password).slice('Basic '.length)];
    case 'identity-token':
    case 'registry-token':
      return [credentials.token];
    case 'none':
    case undefined:
      return [];
  }
}

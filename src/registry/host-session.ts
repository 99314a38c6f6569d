import { Authorizer } from './authorizer.ts';
import { chooseDemand, parseChallenges } from './challenge.ts';
import type { CredentialSource } from './credentials.ts';
import { type Endpoint, isLoopback } from './endpoint.ts';
import { HostFailure } from './failure.ts';
import { checkTarget, sendFollowing } from './redirect.ts';
import { type Access, denied, refusal } from './refusal.ts';
import { serverText } from './server-text.ts';
import type { Method, Transport, WireBody, WireResponse } from './transport.ts';

export interface ApiRequest {
  readonly method: Method;
  /** Below the repository (`manifests/latest`), or where the server told us to go. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: WireBody | undefined;
  readonly scopes: readonly string[];
  readonly access: Access;
  readonly signal: AbortSignal;
  /** Statuses that are an answer; every other one throws. */
  readonly expect: readonly number[];
}

/** Speaks to one host at a time: finds its scheme, answers its challenges, follows its redirects. No second try after a failure. */
export class HostSession {
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #onWarning: ((text: string) => void) | undefined;
  readonly #schemes = new Map<string, 'http' | 'https'>();
  readonly #warned = new Set<string>();

  constructor(
    transport: Transport,
    options: {
      readonly credentials: CredentialSource;
      readonly now: () => number;
      readonly onWarning?: ((text: string) => void) | undefined;
    },
  ) {
    this.#transport = transport;
    this.#authorizer = new Authorizer(transport, options.credentials, options.now);
    this.#onWarning = options.onWarning;
  }

  /** @throws {HostFailure} the refusal, in words; or `signal`'s reason */
  async request(endpoint: Endpoint, request: ApiRequest): Promise<WireResponse> {
    try {
      const response = await this.#reach(endpoint, request);
      this.#reportWarnings(endpoint, response);
      if (request.expect.includes(response.status)) return response;
      throw await refusal(response, request.access, this.#authorizer.secrets);
    } catch (thrown) {
      if (!(thrown instanceof HostFailure) || thrown.code !== 'REG_DENIED') throw thrown;
      throw denied(thrown, request.access, endpoint, await this.#authorizer.credentials(endpoint, request.signal));
    }
  }

  /** Where an upload goes on: `location` as the server gave it, relative or absolute. @throws {HostFailure} */
  uploadUrl(from: WireResponse): URL {
    const location = from.header('location') ?? '';
    if (location === '' || !URL.canParse(location, from.url.href)) {
      throw new HostFailure('REG_BAD_RESPONSE', 'the server opened an upload but did not say where');
    }
    const url = new URL(location, from.url);
    // A registry behind a TLS proxy that doesn't know of it: same host, wrong scheme.
    if (url.protocol === 'http:' && from.url.protocol === 'https:' && url.hostname === from.url.hostname) {
      url.protocol = 'https:';
      url.port = from.url.port;
    }
    checkTarget(this.#transport, from.url, url);
    return url;
  }

  /** Try the schemes this host may have, the first time; then stay with the one that answered. */
  async #reach(endpoint: Endpoint, request: ApiRequest): Promise<WireResponse> {
    const { apiHost } = endpoint;
    if (request.target instanceof URL) return this.#authorized(endpoint, request.target, request);
    const [first, second] = this.#candidates(endpoint);
    const path = request.target;
    const ask = (scheme: 'http' | 'https'): Promise<WireResponse> =>
      this.#authorized(endpoint, apiUrl(endpoint, scheme, path), request);
    if (second === undefined) return ask(first);
    let refused: { readonly thrown: unknown } | { readonly response: WireResponse };
    try {
      const response = await ask(first);
      if (response.status !== 400) {
        this.#schemes.set(apiHost, first);
        return response;
      }
      refused = { response }; // what servers answer to plain HTTP on their TLS port
    } catch (thrown) {
      if (!(thrown instanceof HostFailure) || !mayBeOtherScheme.has(thrown.code)) throw thrown;
      refused = { thrown };
    }
    try {
      const response = await ask(second);
      this.#schemes.set(apiHost, second);
      if ('response' in refused) await refused.response.discard();
      return response;
    } catch (thrown) {
      if (!(thrown instanceof HostFailure)) {
        if ('response' in refused) await refused.response.discard();
        throw thrown;
      }
      if ('response' in refused) return refused.response;
      // Of two failures, the one from the scheme that the server speaks tells more.
      throw mayBeOtherScheme.has(thrown.code) ? refused.thrown : thrown;
    }
  }

  #candidates(endpoint: Endpoint): readonly ['http' | 'https', ('http' | 'https')?] {
    const known = endpoint.scheme ?? this.#schemes.get(endpoint.apiHost);
    if (known !== undefined) return [known];
    if (isLoopback(endpoint.apiHost)) return ['http', 'https'];
    return this.#transport.isInsecure(endpoint.apiHost) ? ['https', 'http'] : ['https'];
  }

  async #authorized(endpoint: Endpoint, url: URL, request: ApiRequest): Promise<WireResponse> {
    const { scopes, signal } = request;
    const ours = url.host === apiUrl(endpoint, 'https', '').host || url.host === apiUrl(endpoint, 'http', '').host;
    let header = ours ? await this.#authorizer.known(endpoint, scopes, signal) : undefined;
    for (let round = 0; ; round += 1) {
      const { response, crossed } = await sendFollowing(this.#transport, {
        method: request.method,
        url,
        headers: { ...request.headers, ...(header === undefined ? {} : { authorization: header }) },
        body: request.body,
        signal,
      });
      if (!ours || crossed || (response.status !== 401 && response.status !== 403)) return response;
      const demand = chooseDemand(parseChallenges(response.headers('www-authenticate')));
      const complaint = demand?.kind === 'bearer' ? demand.error : undefined;
      const isTokenComplaint = complaint === 'insufficient_scope' || complaint === 'invalid_token';
      if (demand === undefined || round >= 2 || (response.status === 403 && !isTokenComplaint)) return response;
      // The first answer to a challenge may have been a header from memory; a fresh one is only replaced on the server's word.
      if (round === 1 && !isTokenComplaint) return response;
      if (header !== undefined) this.#authorizer.forget(header);
      let next: string | undefined;
      try {
        next = await this.#authorizer.answer(endpoint, url, demand, scopes, signal);
      } catch (thrown) {
        await response.discard();
        throw thrown;
      }
      if (next === undefined || next === header) return response;
      await response.discard();
      header = next;
    }
  }

  /** @see RFC 9111, section 5.5; the distribution spec uses code 299 only */
  #reportWarnings(endpoint: Endpoint, response: WireResponse): void {
    for (const value of response.headers('warning')) {
      const text = /^299 - "((?:[^"\\]|\\.)*)"/.exec(value)?.[1]?.replace(/\\(.)/g, '$1');
      if (text === undefined || this.#onWarning === undefined) continue;
      const warning = `${endpoint.host}: ${serverText(text, this.#authorizer.secrets)}`;
      if (this.#warned.has(warning) || this.#warned.size >= 100) continue;
      this.#warned.add(warning);
      this.#onWarning(warning);
    }
  }
}

/** Failures of a first contact that another scheme may cure. */
const mayBeOtherScheme: ReadonlySet<string> = new Set(['REG_TLS', 'REG_BAD_RESPONSE', 'REG_CONNECTION_LOST', 'REG_UNREACHABLE']);

function apiUrl(endpoint: Endpoint, scheme: 'http' | 'https', path: string): URL {
  const url = new URL(`${scheme}://${endpoint.apiHost}/v2/${endpoint.repository}/${path}`);
  if (endpoint.namespace !== undefined) url.searchParams.set('ns', endpoint.namespace);
  return url;
}

import { SingleFlight } from '../base/index.ts';
import type { Demand } from './challenge.ts';
import { basicHeader, type Credentials, type CredentialSource } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { HostFailure } from './failure.ts';
import { publicUrl } from './server-text.ts';
import { coversScopes, mergeScopes } from './token-scope.ts';
import { fetchToken, secretsOf } from './token-service.ts';
import type { Transport } from './transport.ts';

/** What a host asked for the last time, so that the next request need not be refused first. */
type Mode =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: URL; readonly service: string | undefined; readonly ownScopes: readonly string[] };

interface CachedToken {
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly token: string;
  readonly staleAtMs: number;
}

/** Knows credentials and tokens; says what goes into `Authorization`. */
export class Authorizer {
  readonly #transport: Transport;
  readonly #source: CredentialSource;
  readonly #now: () => number;
  readonly #modes = new Map<string, Mode>();
  readonly #tokens: CachedToken[] = [];
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>();
  readonly #fetching = new SingleFlight<string, string>();
  readonly #secrets = new Set<string>();

  constructor(transport: Transport, source: CredentialSource, now: () => number) {
    this.#transport = transport;
    this.#source = source;
    this.#now = now;
  }

  /** Whatever no message may show. */
  get secrets(): readonly string[] {
    return [...this.#secrets];
  }

  /** The header for a host that has asked before; `undefined` for one that has not. */
  async known(endpoint: Endpoint, scopes: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const mode = this.#modes.get(endpoint.host);
    if (mode === undefined) return undefined;
    if (mode.kind === 'basic') return this.#basic(endpoint, signal);
    return this.#bearer(endpoint, mode, mergeScopes([...scopes, ...mode.ownScopes]), signal);
  }

  /**
   * The header that answers `demand` of a host asked at `url`; `undefined` when there is nothing to answer with.
   * @throws {HostFailure} the token service's refusal
   */
  async answer(
    endpoint: Endpoint,
    url: URL,
    demand: Demand,
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (demand.kind === 'basic') {
      this.#modes.set(endpoint.host, { kind: 'basic' });
      return this.#basic(endpoint, signal);
    }
    const { realm, service } = demand;
    if (realm.protocol === 'http:' && url.protocol === 'https:' && !this.#transport.allowsPlainHttp(realm)) {
      throw new HostFailure(
        'REG_AUTH_FAILED',
        `its token service ${publicUrl(realm)} takes plain HTTP only, so no credentials were sent`,
      );
    }
    // A scope that names no repository (some registries have such) holds for every later request too.
    const mode: Mode = {
      kind: 'bearer',
      realm,
      service,
      ownScopes: demand.scopes.filter((scope) => !scope.startsWith('repository:')),
    };
    this.#modes.set(endpoint.host, mode);
    return this.#bearer(endpoint, mode, mergeScopes([...scopes, ...demand.scopes]), signal);
  }

  /** Forget a token that the server no longer takes. */
  forget(header: string): void {
    const at = this.#tokens.findIndex(({ token }) => header === `Bearer ${token}`);
    if (at >= 0) this.#tokens.splice(at, 1);
  }

  /** What there is for this host, asked once. */
  async credentials(endpoint: Endpoint, signal: AbortSignal): Promise<Credentials | undefined> {
    const key = `${endpoint.host}/${endpoint.repository}`;
    let asked = this.#credentials.get(key);
    if (asked === undefined) {
      asked = this.#source(endpoint.host, endpoint.repository);
      this.#credentials.set(key, asked);
    }
    const found = await unlessAborted(asked, signal);
    for (const secret of secretsOf(found)) this.#secrets.add(secret);
    return found;
  }

  async #basic(endpoint: Endpoint, signal: AbortSignal): Promise<string | undefined> {
    const credentials = await this.credentials(endpoint, signal);
    switch (credentials?.kind) {
      case 'basic':
        return basicHeader(credentials.username, credentials.password);
      case 'identity-token':
        return basicHeader('<token>', credentials.token);
      case 'registry-token':
        return `Bearer ${credentials.token}`;
      case 'none':
      case undefined:
        return undefined;
    }
  }

  async #bearer(
    endpoint: Endpoint,
    mode: Extract<Mode, { kind: 'bearer' }>,
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<string> {
    const credentials = await this.credentials(endpoint, signal);
    if (credentials?.kind === 'registry-token') return `Bearer ${credentials.token}`;
    const issuer = JSON.stringify([endpoint.host, mode.realm.href, mode.service ?? null]);
    const now = this.#now();
    const cached = this.#tokens.find(
      (each) => each.issuer === issuer && each.staleAtMs > now && coversScopes(each.scopes, scopes),
    );
    if (cached !== undefined) return `Bearer ${cached.token}`;
    const request = { ...mode, scopes, credentials: credentials?.kind === 'none' ? undefined : credentials };
    // Shared between callers, so no single caller's signal may end it.
    const fetching = this.#fetching.run(JSON.stringify([issuer, scopes]), async () => {
      const { token, lifetimeMs } = await fetchToken(this.#transport, request, this.#transport.closed);
      this.#secrets.add(token);
      const stale = this.#tokens.findIndex((each) => each.staleAtMs <= this.#now());
      if (stale >= 0) this.#tokens.splice(stale, 1);
      this.#tokens.push({ issuer, scopes, token, staleAtMs: this.#now() + lifetimeMs * 0.9 });
      return token;
    });
    return `Bearer ${await unlessAborted(fetching, signal)}`;
  }
}

/** `shared`, or `signal`'s reason if that comes first. */
async function unlessAborted<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

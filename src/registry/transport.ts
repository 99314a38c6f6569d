import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import { SlipwayError } from '../base/index.ts';
import { isLoopback } from './endpoint.ts';
import { type Environment, type ExtraRoots, readExtraRoots } from './extra-roots.ts';
import { type HostCertificates, readHostCertificates } from './host-certificates.ts';
import { networkFailure } from './network-failure.ts';
import { proxyFor } from './proxies.ts';
import type { RegistryTuning } from './tuning.ts';
import { loadUndici, type Undici } from './undici.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT';

/** A body that can be sent again: `open` is called once for each time. */
export interface WireBody {
  readonly sizeBytes: number;
  readonly open: () => AsyncIterable<Uint8Array> | Uint8Array;
}

export interface WireRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: WireBody | undefined;
  readonly signal: AbortSignal;
}

/** An answer whose body is still to be read. Whoever gets it reads `body` to its end or calls `discard`. */
export interface WireResponse {
  readonly url: URL;
  readonly status: number;
  header(name: string): string | undefined;
  headers(name: string): readonly string[];
  readonly body: AsyncIterable<Uint8Array>;
  /** Drop what is left of the body; a short rest is read, so that the connection can serve again. Never throws. */
  discard(): Promise<void>;
}

const connectionsPerHost = 4;
/** Reading this much to its end costs less than a new connection. */
const shortBodyBytes = 64 * 1024;
const discardTimeoutMs = 1000;
type Route = 'loopback' | 'loopback-verified' | 'plain' | 'tls' | 'tls-unverified';

export interface TransportOptions {
  readonly env: Environment;
  readonly insecureHosts: readonly string[];
  readonly userAgent: string;
  readonly tuning: RegistryTuning;
  /** Folders of certificates by host, as in `/etc/docker/certs.d`; the first that knows a host counts. */
  readonly certificateDirectories?: readonly string[] | undefined;
  /** Ask this machine itself without checking certificates. Default: yes. */
  readonly trustsLoopback?: boolean;
}

/** One request over the right kind of connection: no redirects, no authentication, no second try. */
export class Transport implements AsyncDisposable {
  readonly #options: TransportOptions;
  /** By route and proxy. */
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();
  /** By host: of those that have certificates of their own. */
  readonly #ownDispatchers = new Map<string, Promise<Dispatcher | undefined>>();
  #undici: Promise<Undici> | undefined;
  #roots: Promise<ExtraRoots> | undefined;
  readonly #closed = new AbortController();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Aborted when the client is disposed of. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  isInsecure(host: string): boolean {
    return this.#options.insecureHosts.some((name) => name === host || name === host.replace(/:\d+$/, ''));
  }

  /** May `url` be asked without TLS? */
  allowsPlainHttp(url: URL): boolean {
    return isLoopback(url.host) || this.isInsecure(url.host);
  }

  /** @throws {HostFailure} what went wrong on the way; or `signal`'s reason */
  async send(request: WireRequest): Promise<WireResponse> {
    const { method, url, headers, body, signal } = request;
    signal.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    const { tuning, userAgent } = this.#options;
    const undici = await (this.#undici ??= loadUndici());
    const dispatcher = (await this.#ownDispatcher(undici, url)) ?? (await this.#dispatcher(undici, url));
    try {
      const response = await undici.request(dispatcher, {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: {
          'user-agent': userAgent,
          ...(body === undefined ? {} : { 'content-length': String(body.sizeBytes) }),
          ...headers,
        },
        body: openBody(body),
        signal: AbortSignal.any([signal, this.#closed.signal]),
        headersTimeout: tuning.headersTimeoutMs,
        bodyTimeout: tuning.idleTimeoutMs,
      });
      return wireResponse(request, response, (thrown) => this.#explain(thrown, signal));
    } catch (thrown) {
      throw await this.#explain(thrown, signal);
    }
  }

  async #explain(thrown: unknown, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted) return signal.reason;
    if (this.#closed.signal.aborted) return this.#closed.signal.reason;
    return thrown instanceof SlipwayError ? thrown : networkFailure(thrown, (await this.#roots?.catch(() => undefined))?.unread);
  }

  #ownDispatcher(undici: Undici, url: URL): Promise<Dispatcher | undefined> {
    const directories = this.#options.certificateDirectories ?? [];
    if (url.protocol !== 'https:' || directories.length === 0) return Promise.resolve(undefined);
    const known = this.#ownDispatchers.get(url.host);
    if (known !== undefined) return known;
    const route = this.#route(url);
    const made = readHostCertificates(directories, url.host).then((own) =>
      own === undefined ? undefined : this.#connect(undici, route, this.#proxy(url, route), own),
    );
    this.#ownDispatchers.set(url.host, made);
    return made;
  }

  #route(url: URL): Route {
    const isTrusted = this.#options.trustsLoopback !== false || this.isInsecure(url.host);
    if (isLoopback(url.host)) return isTrusted ? 'loopback' : 'loopback-verified';
    if (url.protocol === 'http:') return 'plain';
    return this.isInsecure(url.host) ? 'tls-unverified' : 'tls';
  }

  #dispatcher(undici: Undici, url: URL): Promise<Dispatcher> {
    const route = this.#route(url);
    const proxy = this.#proxy(url, route);
    const key = `${route} ${proxy ?? ''}`;
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const made = this.#connect(undici, route, proxy);
    this.#dispatchers.set(key, made);
    return made;
  }

  #proxy(url: URL, route: Route): string | undefined {
    return route === 'loopback' || route === 'loopback-verified' ? undefined : proxyFor(url, this.#options.env);
  }

  async #connect(undici: Undici, route: Route, proxy: string | undefined, own?: HostCertificates): Promise<Dispatcher> {
    const { env, tuning } = this.#options;
    const common = { connections: connectionsPerHost, pipelining: 1 };
    const timeout = tuning.connectTimeoutMs;
    // Certificates prove nothing about a process on this machine.
    if (route === 'loopback') {
      const tls = { ...(await secureContext(undefined, own)), rejectUnauthorized: false };
      return new undici.Agent({ ...common, connect: { timeout, ...tls } });
    }
    const needsRoots = route === 'tls' || route === 'loopback-verified' || proxy?.startsWith('https:') === true;
    const roots = needsRoots ? await (this.#roots ??= readExtraRoots(env)) : undefined;
    // One context for all connections: parsing the roots again for each costs more than the handshake.
    const [trusted, ours] = [await secureContext(roots, undefined), await secureContext(roots, own)];
    const tls = route === 'tls-unverified' ? { ...ours, rejectUnauthorized: false } : ours;
    const connect = { timeout, ...tls };
    if (proxy === undefined) return new undici.Agent({ ...common, connect });
    return await undici.openProxy({
      ...common,
      uri: proxy,
      // Proxies often allow a tunnel to port 443 alone.
      proxyTunnel: false,
      requestTls: connect,
      proxyTls: { timeout, ...trusted },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new SlipwayError('REG_CLOSED', 'the registry client is closed', { class: 'internal' }));
    const dispatchers = [...this.#dispatchers.values(), ...this.#ownDispatchers.values()];
    this.#dispatchers.clear();
    this.#ownDispatchers.clear();
    await Promise.all(dispatchers.map(async (dispatcher) => (await dispatcher.catch(() => undefined))?.destroy()));
  }
}

/** Empty where nothing but Node's own roots counts. @throws {SlipwayError} `REG_BAD_CERTS` */
async function secureContext(
  roots: ExtraRoots | undefined,
  own: HostCertificates | undefined,
): Promise<{ readonly secureContext?: SecureContext }> {
  if (roots?.ca === undefined && own === undefined) return {};
  const { createSecureContext, rootCertificates } = await import('node:tls');
  const { ca = [], clients = [] } = own ?? {};
  try {
    return {
      secureContext: createSecureContext({
        ca: [...(roots?.ca ?? rootCertificates), ...ca],
        cert: clients.map(({ certificate }) => certificate),
        key: clients.map(({ key }) => key),
      }),
    };
  } catch (cause) {
    if (own === undefined) throw cause;
    throw new SlipwayError('REG_BAD_CERTS', `the certificates of a registry can't be used: ${(cause as Error).message}`, {
      cause,
      hint: "look at the files of its host in Docker's certs.d: they are in PEM form, and a key fits the certificate beside it",
    });
  }
}

type UndiciBody = NonNullable<Dispatcher.RequestOptions['body']>;

function openBody(body: WireBody | undefined): UndiciBody | null {
  if (body === undefined || body.sizeBytes === 0) return null;
  const opened = body.open();
  // undici takes any async iterable; its types only name streams.
  return opened as UndiciBody;
}

function wireResponse(
  { url, method }: WireRequest,
  response: Dispatcher.ResponseData,
  explain: (thrown: unknown) => Promise<unknown>,
): WireResponse {
  const all = (name: string): readonly string[] => {
    const value = response.headers[name];
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  };
  const { body } = response;
  // A body that is dropped unread reports its own destruction; nobody needs to hear it.
  body.on('error', () => undefined);
  return {
    url,
    status: response.statusCode,
    header: (name) => all(name)[0],
    headers: all,
    body: {
      async *[Symbol.asyncIterator]() {
        try {
          for await (const chunk of body) yield chunk as Uint8Array;
        } catch (thrown) {
          throw await explain(thrown);
        }
      },
    },
    discard: async () => {
      if (body.readableEnded || body.destroyed) return;
      const isShort = method === 'HEAD' || Number(all('content-length')[0]) <= shortBodyBytes;
      if (!isShort || body.readableFlowing !== null) body.destroy();
      else await body.dump({ limit: shortBodyBytes, signal: AbortSignal.timeout(discardTimeoutMs) }).catch(() => undefined);
    },
  };
}

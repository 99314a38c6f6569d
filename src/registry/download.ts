import { SlipwayError } from '../base/index.ts';
import type { Environment } from './extra-roots.ts';
import { HostFailure, RegistryError } from './failure.ts';
import { publicUrl } from './server-text.ts';
import { Transport, type WireResponse } from './transport.ts';
import { Backoff, defaultTuning, parseRetryAfter, type RegistryTuning } from './tuning.ts';

/** Fetches what is no part of a registry: files on the web. */
export interface Downloader extends AsyncDisposable {
  /**
   * GET `url` and give the answer (2xx or 304) to `consume`, which reads the body. Redirects are followed; what may pass (a broken
   * connection, 5xx, 429) is tried again from the start, so `consume` may be called several times.
   * @throws {RegistryError} `REG_…`; a status that is no success is `REG_STATUS`. User and query of the URL are not shown.
   */
  get<T>(url: URL, options: DownloadOptions<T>): Promise<T>;
}

interface DownloadOptions<T> {
  readonly headers: Readonly<Record<string, string>>;
  readonly consume: (response: WireResponse) => Promise<T>;
  readonly signal: AbortSignal;
}

export interface DownloaderOptions {
  /** For proxies and extra certificates. */
  readonly env: Environment;
  /** Hosts whose certificates are not checked. */
  readonly insecureHosts: readonly string[];
  /** Folders of certificates by host, as in `/etc/docker/certs.d`. */
  readonly certificateDirectories?: readonly string[] | undefined;
  readonly userAgent: string;
  readonly tuning?: Partial<RegistryTuning> | undefined;
}

const maxRedirects = 10;
/** Fewer than for a registry: a URL in a Dockerfile is more often wrong than busy. */
const maxTries = 3;

export function createDownloader({ tuning: given, ...options }: DownloaderOptions): Downloader {
  const tuning: RegistryTuning = { ...defaultTuning, maxTries, ...given };
  const transport = new Transport({ ...options, tuning, trustsLoopback: false });
  return {
    async get(url, { headers, consume, signal }) {
      const backoff = new Backoff(tuning);
      for (;;) {
        try {
          const response = await follow(transport, url, headers, signal);
          const failure = refusal(response);
          if (failure === undefined) return await consume(response);
          await response.discard();
          throw failure;
        } catch (thrown) {
          signal.throwIfAborted();
          if (!(thrown instanceof HostFailure)) throw thrown;
          if (!(await backoff.wait(thrown, signal))) throw explain(url, thrown);
        }
      }
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** Follow redirects. Credentials go to the scheme, host and port first asked and to no other. */
async function follow(
  transport: Transport,
  first: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<WireResponse> {
  let url = first;
  let mayKnow = true;
  for (let hops = 0; ; hops += 1) {
    mayKnow &&= url.origin === first.origin;
    const { authorization, ...open } = headers;
    const known = mayKnow ? (authorization ?? basicAuth(first)) : basicAuth(url);
    const sent = known === undefined ? open : { ...open, authorization: known };
    const response = await transport.send({ method: 'GET', url, headers: sent, signal });
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    const location = response.header('location') ?? '';
    await response.discard();
    if (hops >= maxRedirects) throw new HostFailure('REG_BAD_REDIRECT', `stopped after ${maxRedirects} redirects`);
    if (location === '' || !URL.canParse(location, url.href))
      throw new HostFailure('REG_BAD_REDIRECT', `a redirect (${response.status}) without a usable Location`);
    url = new URL(location, url);
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new HostFailure('REG_BAD_REDIRECT', `a redirect to \`${publicUrl(url)}\`, which is no web address`);
  }
}

function basicAuth({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign stands for itself
  }
}

function refusal(response: WireResponse): HostFailure | undefined {
  const { status } = response;
  if ((status >= 200 && status < 300) || status === 304) return undefined;
  return new HostFailure('REG_STATUS', `invalid response status ${status}`, {
    status,
    transient: status === 429 || status === 502 || status === 503 || status === 504 || status === 500,
    retryAfterMs: parseRetryAfter(response.header('retry-after'), Date.now()),
    hint:
      status === 401 || status === 403
        ? 'the server wants to know who asks: pass `--secret id=HTTP_AUTH_HEADER_<host>,…` or `--secret id=HTTP_AUTH_TOKEN_<host>,…`'
        : status === 404 || status === 410
          ? 'check the URL: the server has nothing there'
          : undefined,
  });
}

function explain(url: URL, failure: HostFailure): SlipwayError {
  return new RegistryError(failure.code, `cannot download \`${publicUrl(url)}\`: ${failure.message}`, {
    status: failure.details.status,
    hint: failure.details.hint,
    cause: failure.details.cause,
  });
}

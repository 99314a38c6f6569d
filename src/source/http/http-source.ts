import { canonicalJson, type Json, SlipwayError } from '../../base/index.ts';
import type { LayerId } from '../../layer/index.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../../oci/index.ts';
import type { Downloader, WireResponse } from '../../registry/index.ts';
import type { Store } from '../../store/index.ts';
import type { FetchProgress } from '../image-source.ts';
import { incomingFile, saveDownload } from './save.ts';

/** A file of the web, and how it shall lie in its layer. */
export interface HttpRequest {
  readonly url: string;
  /** Its name; `undefined` takes the server's or the URL's. */
  readonly filename: string | undefined;
  /** `sha256:…`, `sha384:…` or `sha512:…`. */
  readonly checksum: string | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Value of the `Authorization` header, which goes to no other host. */
  readonly authorization: string | undefined;
}

interface HttpOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
}

export interface HttpSource {
  /**
   * What the URL holds now: with a checksum that is the checksum, and nobody is asked; without one the server is asked once, and what
   * it has is downloaded unless the store has it.
   * @throws {RegistryError} `REG_…` @throws {SlipwayError} `SOURCE_BAD_URL`
   */
  pin(request: HttpRequest, options: HttpOptions): Promise<Digest>;
  /** The layer with the file. @throws besides, `SOURCE_DIGEST_MISMATCH` */
  fetch(request: HttpRequest, options: HttpOptions): Promise<LayerId>;
  /**
   * Take in bytes that come from nowhere on the web. Consumes `body`, also on failure.
   * @returns what to ask `pin` and `fetch` for, with a URL that names the content, on the host that BuildKit uses for uploads
   */
  upload(body: AsyncIterable<Uint8Array>, filename: string, options: HttpOptions): Promise<HttpRequest>;
}

const uploadHost = 'buildkit-session';

export interface HttpSourceOptions {
  readonly store: Store;
  readonly downloader: () => Promise<Downloader>;
  readonly now: () => number;
  /** Never ask a server: what a URL held last is what it holds. */
  readonly offline?: boolean | undefined;
}

/** What is remembered of an answer. */
interface Seen {
  readonly digest: Digest;
  readonly layer: LayerId;
  readonly etag: string;
  readonly lastModified: string;
}

/** One look at each URL in the life of a source: all steps of a build see the same bytes. */
export function createHttpSource({ store, downloader, now, offline = false }: HttpSourceOptions): HttpSource {
  const looks = new Map<string, Promise<Seen>>();
  const look = (request: HttpRequest, options: HttpOptions): Promise<Seen> => {
    const key = requestKey(request);
    const known = looks.get(key);
    if (known !== undefined) return known;
    const made = lookNow(key, request, options);
    looks.set(key, made);
    made.catch(() => looks.delete(key)); // whoever asked gets the error
    return made;
  };
  const lookNow = async (key: string, request: HttpRequest, options: HttpOptions): Promise<Seen> => {
    const url = parseUrl(request.url);
    const { signal, onProgress } = options;
    using _lock = await store.locks.hold(`http-${key}`, signal);
    const known = recall(key) ?? (request.checksum === undefined ? undefined : recall(contentKey(request)));
    // What is recorded for a checksum has it: nobody needs to be asked.
    if (known !== undefined && (request.checksum !== undefined || offline)) return known;
    if (known !== undefined && url.hostname === uploadHost) return known;
    if (url.hostname === uploadHost) {
      throw new SlipwayError('SOURCE_NOT_UPLOADED', 'the store no longer has the archive that was the context of this build', {
        hint: 'build again, with the archive on standard input',
      });
    }
    if (offline) {
      throw new SlipwayError(
        'REG_OFFLINE',
        `\`${url.host}${url.pathname}\` is not in the store, and with \`--offline\` no server is asked`,
        {
          class: 'registry',
          hint: 'build once without `--offline`',
        },
      );
    }
    const client = await downloader();
    const seen = await client.get(url, {
      headers: headersOf(request, known),
      signal,
      consume: async (response): Promise<Seen> => {
        if (known !== undefined && isUnchanged(response, known)) {
          await response.discard();
          return known;
        }
        const report = (current: number, total: number, done = false): void =>
          onProgress?.({ part: 'downloading', current, total, done });
        const saved = await saveDownload(store, request, incomingFile(request, response), { now, signal, onProgress: report });
        const sizeBytes = store.layers.info(saved.layer)?.sizeBytes ?? 0;
        report(sizeBytes, sizeBytes, true);
        return {
          ...saved,
          etag: response.header('etag') ?? '',
          lastModified: response.header('last-modified') ?? '',
        };
      },
    });
    if (seen !== known) {
      remember(key, seen);
      if (request.checksum !== undefined) remember(contentKey(request), seen);
      remember(contentKey({ ...request, checksum: seen.digest }), seen);
    }
    return seen;
  };
  const recall = (key: string): Seen | undefined => {
    const seen = parseSeen(store.records.read('http', key));
    return seen !== undefined && store.layers.info(seen.layer) !== undefined && store.records.touch('layer', seen.layer)
      ? seen
      : undefined;
  };
  const remember = (key: string, { digest, layer, etag, lastModified }: Seen): void =>
    store.records.write('http', key, { digest, layer, etag, lastModified });
  return {
    async pin(request, options) {
      if (request.checksum !== undefined) return pinOf(request, request.checksum, '');
      const { digest, lastModified } = await look(request, options);
      return pinOf(request, digest, lastModified);
    },
    fetch: async (request, options) => (await look(request, options)).layer,
    async upload(body, filename, { signal }) {
      const unnamed = { url: '', filename, checksum: undefined, mode: 0o600, uid: 0, gid: 0, authorization: undefined };
      const file = { name: filename, mtimeSec: 0, totalBytes: 0, body };
      const saved = await saveDownload(store, unnamed, file, { now, signal, onProgress: () => undefined });
      const request = { ...unnamed, url: `http://${uploadHost}/${hexOf(saved.digest)}` };
      const seen = recall(contentKey({ ...request, checksum: saved.digest })) ?? { ...saved, etag: '', lastModified: '' };
      remember(requestKey(request), seen);
      remember(contentKey({ ...request, checksum: saved.digest }), seen);
      return request;
    },
  };
}

function pinOf({ filename, mode, uid, gid }: HttpRequest, checksum: string, lastModified: string): Digest {
  return digestOf(`http ${canonicalJson({ filename, mode, uid, gid, checksum, lastModified })}`);
}

/** Names what is asked for. Credentials in the URL count, as digests only. */
function requestKey(request: HttpRequest): string {
  return hexOf(digestOf(`url ${canonicalJson({ ...request, authorization: digestOf(request.authorization ?? '') })}`));
}

function contentKey({ filename, mode, uid, gid, checksum }: HttpRequest): string {
  return hexOf(digestOf(`content ${canonicalJson({ filename, mode, uid, gid, checksum })}`));
}

function headersOf({ authorization }: HttpRequest, known: Seen | undefined): Record<string, string> {
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...(known === undefined || known.etag === '' ? {} : { 'if-none-match': known.etag }),
    ...(known === undefined || known.etag !== '' || known.lastModified === '' ? {} : { 'if-modified-since': known.lastModified }),
  };
}

/** Also where the server sends the same ETag with everything again. */
function isUnchanged(response: WireResponse, { etag }: Seen): boolean {
  if (response.status === 304) return true;
  return etag !== '' && strong(response.header('etag') ?? '') === strong(etag);
}

function strong(etag: string): string {
  return etag.replace(/^W\//, '');
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new SlipwayError('SOURCE_BAD_URL', `\`${text.replace(/\/\/[^/@]*@/, '//')}\` is not a web address`, {
    hint: 'write it as https://host/path',
  });
}

function parseSeen(json: Json | undefined): Seen | undefined {
  if (json === undefined || json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const { digest, layer, etag, lastModified } = json as Readonly<Record<string, unknown>>;
  if (typeof digest !== 'string' || !isDigest(digest) || typeof layer !== 'string') return undefined;
  if (typeof etag !== 'string' || typeof lastModified !== 'string') return undefined;
  return { digest, layer: layer as LayerId, etag, lastModified };
}

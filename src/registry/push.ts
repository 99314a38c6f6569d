import { type Descriptor, type Digest, digestOf, formatReference, type Reference } from '../oci/index.ts';
import type { Endpoint } from './endpoint.ts';
import { HostFailure, RegistryError } from './failure.ts';
import type { ApiRequest } from './host-session.ts';
import { type Hosts, pushTo } from './hosts.ts';
import { repositoryScope } from './token-scope.ts';
import type { WireResponse } from './transport.ts';

export interface PushBlobOptions {
  readonly signal: AbortSignal;
  /** A repository of the same host that has the blob, so that no bytes need to travel. */
  readonly mountFrom?: string | undefined;
  /** Bytes so far, and in all; starts again when an upload is repeated. */
  readonly onProgress?: ((currentBytes: number, totalBytes: number) => void) | undefined;
}

export type PushedBlob = 'exists' | 'mounted' | 'uploaded';

/**
 * See to it that the repository has the blob. `open` gives its bytes, once for each try.
 * @throws {RegistryError}; and whatever `open` throws
 */
export function pushBlob(
  hosts: Hosts,
  reference: Reference,
  blob: Descriptor,
  open: () => AsyncIterable<Uint8Array>,
  options: PushBlobOptions,
): Promise<PushedBlob> {
  const { signal, mountFrom, onProgress } = options;
  const what = `push the blob \`${blob.digest}\` to \`${formatReference(reference)}\``;
  const work = async (endpoint: Endpoint): Promise<PushedBlob> => {
    const ask = asker(hosts, endpoint, signal);
    const head = await ask({ method: 'HEAD', target: `blobs/${blob.digest}`, expect: [200, 401, 403, 404, 405] });
    await head.discard();
    if (head.status === 200) return 'exists';
    const started = (mountFrom === undefined ? undefined : await mount(ask, endpoint, blob, mountFrom)) ?? (await start(ask));
    await started.discard();
    if (started.status === 201) return mountFrom === undefined ? 'exists' : 'mounted';
    await upload(hosts, ask, started, blob, open, onProgress, signal);
    return 'uploaded';
  };
  return pushTo(hosts, reference, what, work, signal);
}

/**
 * Store a manifest or image index under the reference's tag, or under its digest when it has no tag. Everything it names must be
 * there already. Nothing is sent when the name already stands for these bytes.
 * @throws {RegistryError} its `serverCodes` tell a missing blob (`MANIFEST_BLOB_UNKNOWN`) from other refusals
 */
export function pushManifest(
  hosts: Hosts,
  reference: Reference,
  bytes: Uint8Array,
  mediaType: string,
  signal: AbortSignal,
): Promise<Digest> {
  const digest = digestOf(bytes);
  if (reference.digest !== undefined && reference.digest !== digest) {
    throw new RegistryError(
      'REG_CONTENT_MISMATCH',
      `the manifest for \`${formatReference(reference)}\` has the digest \`${digest}\``,
      { class: 'internal' },
    );
  }
  const target = `manifests/${reference.tag ?? digest}`;
  const work = async (endpoint: Endpoint): Promise<Digest> => {
    const ask = asker(hosts, endpoint, signal);
    const head = await ask({
      method: 'HEAD',
      target,
      headers: { accept: `${mediaType}, */*` },
      expect: [200, 400, 401, 403, 404, 405, 406],
    });
    await head.discard();
    if (head.status === 200 && head.header('docker-content-digest') === digest) return digest;
    const put = await ask({
      method: 'PUT',
      target,
      headers: { 'content-type': mediaType },
      body: { sizeBytes: bytes.byteLength, open: () => bytes },
      expect: [200, 201, 202, 204],
    });
    await put.discard();
    const stored = put.header('docker-content-digest');
    if (stored !== undefined && stored !== digest) {
      throw new HostFailure('REG_CONTENT_MISMATCH', `the server stored the manifest as \`${stored}\` instead of \`${digest}\``);
    }
    return digest;
  };
  return pushTo(hosts, reference, `push \`${formatReference(reference)}\``, work, signal);
}

type Ask = (
  request: Pick<ApiRequest, 'method' | 'target' | 'expect'> & Partial<Pick<ApiRequest, 'headers' | 'body'>>,
  extraScopes?: readonly string[],
) => Promise<WireResponse>;

function asker(hosts: Hosts, endpoint: Endpoint, signal: AbortSignal): Ask {
  const scope = repositoryScope(endpoint.repository, 'push');
  return (request, extraScopes = []) =>
    hosts.session.request(endpoint, { access: 'push', signal, scopes: [scope, ...extraScopes], ...request });
}

/** 201: mounted; 202: an ordinary upload was opened instead; `undefined`: this server or account doesn't mount. */
async function mount(ask: Ask, endpoint: Endpoint, blob: Descriptor, from: string): Promise<WireResponse | undefined> {
  if (from === endpoint.repository) return undefined;
  const query = `mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(from)}`;
  try {
    return await ask({ method: 'POST', target: `blobs/uploads/?${query}`, expect: [201, 202] }, [repositoryScope(from, 'pull')]);
  } catch (thrown) {
    if (!(thrown instanceof HostFailure) || thrown.details.transient === true || thrown.details.status === undefined)
      throw thrown;
    return undefined; // no right to read `from`, or mounting is unknown here: the upload will tell what matters
  }
}

function start(ask: Ask): Promise<WireResponse> {
  return ask({ method: 'POST', target: 'blobs/uploads/', expect: [200, 201, 202, 204] });
}

async function upload(
  hosts: Hosts,
  ask: Ask,
  started: WireResponse,
  blob: Descriptor,
  open: () => AsyncIterable<Uint8Array>,
  onProgress: PushBlobOptions['onProgress'],
  signal: AbortSignal,
): Promise<void> {
  const url = hosts.session.uploadUrl(started);
  // As text: a signed address must not be encoded anew.
  url.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(blob.digest)}`;
  let broken: { readonly thrown: unknown } | undefined;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    let sent = 0;
    try {
      for await (const chunk of open()) {
        sent += chunk.byteLength;
        if (sent > blob.size) throw wrongSize(blob, 'more');
        yield chunk;
        onProgress?.(sent, blob.size);
      }
      if (sent < blob.size) throw wrongSize(blob, sent);
    } catch (thrown) {
      broken = { thrown };
      throw thrown;
    }
  };
  try {
    const put = await ask({
      method: 'PUT',
      target: url,
      headers: { 'content-type': 'application/octet-stream' },
      body: { sizeBytes: blob.size, open: source },
      expect: [200, 201, 202, 204],
    });
    await put.discard();
  } catch (thrown) {
    signal.throwIfAborted();
    if (broken !== undefined) throw broken.thrown;
    // The server forgot the upload: a new one may do.
    if (
      thrown instanceof HostFailure &&
      thrown.details.status === 404 &&
      thrown.details.serverCodes?.includes('BLOB_UPLOAD_UNKNOWN') === true
    ) {
      throw new HostFailure(thrown.code, thrown.message, { ...thrown.details, transient: true });
    }
    throw thrown;
  }
}

function wrongSize(blob: Descriptor, got: number | 'more'): RegistryError {
  return new RegistryError(
    'REG_CONTENT_MISMATCH',
    `\`${blob.digest}\` should have ${blob.size} bytes, but its source gave ${got}`,
    { class: 'internal' },
  );
}

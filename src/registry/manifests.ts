import { type Descriptor, type Digest, digestOf, formatReference, isDigest, mediaTypes, type Reference } from '../oci/index.ts';
import type { Endpoint } from './endpoint.ts';
import { HostFailure } from './failure.ts';
import type { ApiRequest } from './host-session.ts';
import { type Hosts, pullFrom } from './hosts.ts';
import { readBody } from './read-body.ts';
import { repositoryScope } from './token-scope.ts';

/** The largest manifest, index or image config we read. */
export const maxDocumentBytes: number = 8 * 1024 * 1024;

const accept = [mediaTypes.ociIndex, mediaTypes.ociManifest, mediaTypes.dockerList, mediaTypes.dockerManifest, '*/*'].join(', ');

/** A manifest or image index as a registry sent it, verified. */
export interface Document {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** Tag or digest to descriptor: one HEAD where the server gives all we need, a GET otherwise. @throws {RegistryError} */
export function resolve(hosts: Hosts, reference: Reference, signal: AbortSignal): Promise<Descriptor> {
  const work = async (endpoint: Endpoint): Promise<Descriptor> => {
    const head = await askForManifest(
      hosts,
      endpoint,
      'HEAD',
      reference.digest ?? reference.tag ?? 'latest',
      signal,
      [200, 400, 403, 405, 406, 501],
    );
    await head.discard();
    const digest = head.header('docker-content-digest') ?? '';
    const size = Number(head.header('content-length') ?? Number.NaN);
    const mediaType = mediaTypeOf(head.header('content-type'));
    if (head.status !== 200 || !isDigest(digest) || !Number.isSafeInteger(size) || size <= 0 || mediaType === undefined) {
      return (await getDocument(hosts, endpoint, reference, signal)).descriptor;
    }
    if (reference.digest !== undefined && digest !== reference.digest) throw otherContent(reference.digest, digest);
    return { mediaType, digest, size };
  };
  return pullFrom(hosts, reference, `resolve \`${formatReference(reference)}\``, work, signal);
}

/** The document behind a tag or digest, in one round trip. @throws {RegistryError} */
export function fetchDocument(hosts: Hosts, reference: Reference, signal: AbortSignal): Promise<Document> {
  const what = `pull \`${formatReference(reference)}\``;
  return pullFrom(hosts, reference, what, (endpoint) => getDocument(hosts, endpoint, reference, signal), signal);
}

/** The bytes of a manifest or image index whose descriptor is known. @throws {RegistryError} */
export function fetchManifest(hosts: Hosts, reference: Reference, want: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
  const what = `pull the manifest \`${want.digest}\` of \`${formatReference(reference)}\``;
  const work = async (endpoint: Endpoint): Promise<Uint8Array> => {
    const { bytes } = await getDocument(hosts, endpoint, { ...reference, digest: want.digest }, signal);
    if (bytes.byteLength !== want.size) {
      throw new HostFailure(
        'REG_CONTENT_MISMATCH',
        `\`${want.digest}\` should have ${want.size} bytes, but has ${bytes.byteLength}`,
      );
    }
    return bytes;
  };
  return pullFrom(hosts, reference, what, work, signal);
}

async function getDocument(hosts: Hosts, endpoint: Endpoint, reference: Reference, signal: AbortSignal): Promise<Document> {
  const response = await askForManifest(hosts, endpoint, 'GET', reference.digest ?? reference.tag ?? 'latest', signal, [200]);
  const bytes = await readBody(response, maxDocumentBytes);
  const digest = digestOf(bytes);
  const named = response.header('docker-content-digest');
  // A tag's answer must at least agree with itself; a digest's answer with what was asked for.
  const want = reference.digest ?? (named !== undefined && isDigest(named) ? named : digest);
  if (digest !== want) throw otherContent(want, digest);
  return { descriptor: { mediaType: mediaTypeOf(response.header('content-type')) ?? '', digest, size: bytes.byteLength }, bytes };
}

function askForManifest(
  hosts: Hosts,
  endpoint: Endpoint,
  method: 'GET' | 'HEAD',
  name: string,
  signal: AbortSignal,
  expect: readonly number[],
): ReturnType<Hosts['session']['request']> {
  const request: ApiRequest = {
    method,
    target: `manifests/${name}`,
    headers: { accept },
    scopes: [repositoryScope(endpoint.repository, 'pull')],
    access: 'pull',
    signal,
    expect,
  };
  return hosts.session.request(endpoint, request);
}

function mediaTypeOf(contentType: string | undefined): string | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  return type === undefined || type === '' ? undefined : type;
}

function otherContent(want: Digest, got: string): HostFailure {
  return new HostFailure('REG_CONTENT_MISMATCH', `asked for \`${want}\`, but the server sent \`${got}\``, {
    hint: 'the content was changed on its way, or the server is broken',
  });
}

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Descriptor, type Digest, descriptorOf, digestOf, mediaTypes, printManifest } from '../oci/index.ts';

/** A request that a scripted server got, read to its end. */
interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Script = (request: SeenRequest, response: ServerResponse, nth: number) => void | Promise<void>;

export interface ScriptedServer extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly seen: readonly SeenRequest[];
  /** `METHOD /path` of each request. */
  lines(): readonly string[];
}

/** An HTTP server on loopback that answers as `script` says; `nth` counts requests from 0. For tests. */
export async function startScripted(script: Script): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('error', () => undefined);
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://scripted');
      const request = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      seen.push(request);
      void script(request, response, seen.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    seen,
    lines: () => seen.map(({ method, path }) => `${method} ${path}`),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

export function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array | string = '',
): void {
  response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
  response.end(body);
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  answer(response, status, { 'content-type': 'application/json' }, JSON.stringify(value));
}

/** The distribution spec's error body. */
export function answerError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer(response, status, { 'content-type': 'application/json', ...headers }, JSON.stringify({ errors: [{ code, message }] }));
}

/** Content to serve: manifests and blobs by digest, tags by name. */
export interface Shelf {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Uint8Array }>;
}

export function emptyShelf(): Shelf {
  return { blobs: new Map(), manifests: new Map() };
}

/** Answers GET and HEAD of what `shelf` holds, whatever the repository; 404 for the rest. */
export function serve(shelf: Shelf): Script {
  return ({ method, path }, response) => {
    const [, kind, name] = /\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
    const manifest = kind === 'manifests' ? shelf.manifests.get(name ?? '') : undefined;
    const bytes = manifest?.bytes ?? (kind === 'blobs' ? shelf.blobs.get(name ?? '') : undefined);
    if (bytes === undefined) return answerError(response, 404, kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', 'unknown');
    const headers = {
      'docker-content-digest': digestOf(bytes),
      'content-type': manifest?.mediaType ?? 'application/octet-stream',
    };
    response.writeHead(200, { ...headers, 'content-length': String(bytes.byteLength) });
    response.end(method === 'HEAD' ? undefined : bytes);
  };
}

/** Put a one-layer image on the shelf, under its digest and `tags`. */
export function shelveImage(
  shelf: Shelf,
  options: { readonly architecture?: string; readonly tags?: readonly string[]; readonly layer?: string } = {},
): {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layer: Descriptor;
} {
  const layerBytes = Buffer.from(options.layer ?? 'the layer');
  const configBytes = Buffer.from(
    JSON.stringify({
      architecture: options.architecture ?? 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layerBytes)] },
    }),
  );
  const layer = descriptorOf(mediaTypes.ociLayer, layerBytes);
  const config = descriptorOf(mediaTypes.ociConfig, configBytes);
  shelf.blobs.set(layer.digest, layerBytes);
  shelf.blobs.set(config.digest, configBytes);
  const bytes = printManifest({ kind: 'manifest', mediaType: mediaTypes.ociManifest, config, layers: [layer] });
  return { manifest: shelveDocument(shelf, mediaTypes.ociManifest, bytes, options.tags), config, layer };
}

export function shelveIndex(shelf: Shelf, manifests: readonly Descriptor[], tags: readonly string[] = []): Descriptor {
  const bytes = printManifest({ kind: 'index', mediaType: mediaTypes.ociIndex, manifests });
  return shelveDocument(shelf, mediaTypes.ociIndex, bytes, tags);
}

function shelveDocument(shelf: Shelf, mediaType: string, bytes: Uint8Array, tags: readonly string[] = []): Descriptor {
  const descriptor = descriptorOf(mediaType, bytes);
  for (const name of [descriptor.digest as Digest, ...tags]) shelf.manifests.set(name, { mediaType, bytes });
  return descriptor;
}

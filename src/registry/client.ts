import type { Descriptor, Digest, Platform, Reference } from '../oci/index.ts';
import { type FetchBlobOptions, fetchBlob } from './blob-fetch.ts';
import type { CredentialSource } from './credentials.ts';
import type { MirrorEndpoint } from './endpoint.ts';
import type { Environment } from './extra-roots.ts';
import { HostSession } from './host-session.ts';
import type { Hosts } from './hosts.ts';
import { type FetchedImage, fetchImage } from './image.ts';
import { fetchManifest, resolve } from './manifests.ts';
import { type PushBlobOptions, type PushedBlob, pushBlob, pushManifest } from './push.ts';
import { Transport } from './transport.ts';
import { defaultTuning, type RegistryTuning } from './tuning.ts';

export interface RegistryOptions {
  /** By origin host; tried in order before the origin, to resolve and to pull. */
  readonly mirrors: ReadonlyMap<string, readonly MirrorEndpoint[]>;
  /** `host` or `host:port`: certificates are not checked, and plain HTTP is used where there is no TLS. Loopback hosts need no mention. */
  readonly insecureHosts: readonly string[];
  readonly credentials: CredentialSource;
  readonly userAgent: string;
  /** Read for `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, `SLIPWAY_EXTRA_CA_CERTS`, `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`; only when the network is used. */
  readonly env: Environment;
  /** A registry's `Warning`, each told once. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Folders of certificates by host, as `/etc/docker/certs.d`; the first that knows a host counts. Default: none. */
  readonly certificateDirectories?: readonly string[] | undefined;
  /** Time limits and the clock. */
  readonly tuning?: Partial<RegistryTuning> | undefined;
}

interface Cancellable {
  readonly signal: AbortSignal;
}

/**
 * A client of the OCI distribution API. Connections, tokens and what is known of each host are shared by all calls; at most four
 * connections to a host are open at once, so a caller that holds four half-read blobs waits for itself with a fifth.
 * Dispose of it to end its connections; calls still under way then fail.
 */
export interface RegistryClient extends AsyncDisposable {
  /** Tag or digest to the descriptor of a manifest or image index, in one HEAD (a GET when the server can't). @throws {RegistryError} */
  resolve(reference: Reference, options: Cancellable): Promise<Descriptor>;
  /** Bytes of a manifest or image index, verified against digest and size, at most 8 MiB. @throws {RegistryError} */
  fetchManifest(reference: Reference, descriptor: Descriptor, options: Cancellable): Promise<Uint8Array>;
  /** Resolve, choose the platform and fetch manifest and config. @throws {RegistryError} */
  fetchImage(reference: Reference, platform: Platform, options: Cancellable): Promise<FetchedImage>;
  /** The verified bytes of a blob. Starts on iteration; stopping early ends the transfer. @throws {RegistryError} while iterating */
  fetchBlob(reference: Reference, descriptor: Descriptor, options: FetchBlobOptions): AsyncIterable<Uint8Array>;
  /** See to it that the repository has the blob, by the cheapest way. @throws {RegistryError}; and whatever `open` throws */
  pushBlob(
    reference: Reference,
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: PushBlobOptions,
  ): Promise<PushedBlob>;
  /** Name `bytes` by the reference's tag, or by digest when it has no tag. @throws {RegistryError} */
  pushManifest(reference: Reference, bytes: Uint8Array, mediaType: string, options: Cancellable): Promise<Digest>;
}

/** Opens nothing and reads nothing until the first call. */
export function createRegistryClient(options: RegistryOptions): RegistryClient {
  const tuning = { ...defaultTuning, ...options.tuning };
  const { env, insecureHosts, userAgent, credentials, onWarning, mirrors, certificateDirectories } = options;
  const transport = new Transport({ env, insecureHosts, userAgent, tuning, certificateDirectories });
  const session = new HostSession(transport, { credentials, now: tuning.now, onWarning });
  const hosts: Hosts = { session, tuning, mirrors, preferred: new Map(), unreachable: new Set() };
  return {
    resolve: (reference, { signal }) => resolve(hosts, reference, signal),
    fetchManifest: (reference, descriptor, { signal }) => fetchManifest(hosts, reference, descriptor, signal),
    fetchImage: (reference, platform, { signal }) => fetchImage(hosts, reference, platform, signal),
    fetchBlob: (reference, descriptor, blobOptions) => fetchBlob(hosts, reference, descriptor, blobOptions),
    pushBlob: (reference, descriptor, open, blobOptions) => pushBlob(hosts, reference, descriptor, open, blobOptions),
    pushManifest: async (reference, bytes, mediaType, { signal }) => pushManifest(hosts, reference, bytes, mediaType, signal),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

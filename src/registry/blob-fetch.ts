import { type Descriptor, DigestMismatchError, formatReference, type Reference, verified } from '../oci/index.ts';
import type { Endpoint } from './endpoint.ts';
import { HostFailure, RegistryError } from './failure.ts';
import { hostFailure, type Hosts, pullFrom } from './hosts.ts';
import { maxDocumentBytes } from './manifests.ts';
import { repositoryScope } from './token-scope.ts';
import type { WireResponse } from './transport.ts';
import { Backoff } from './tuning.ts';

export interface FetchBlobOptions {
  readonly signal: AbortSignal;
  /** Bytes so far, and in all. */
  readonly onProgress?: ((currentBytes: number, totalBytes: number) => void) | undefined;
}

/** A try that got this far was worth it: the count of failures starts again. */
const worthwhileBytes = 1024 * 1024;

/**
 * The bytes of a blob. A broken connection is taken up where it broke. Ends normally only after exactly the promised bytes.
 * @throws {RegistryError} `REG_CONTENT_MISMATCH` other bytes than promised; or why no host gave them
 */
export async function* fetchBlob(
  hosts: Hosts,
  reference: Reference,
  want: Descriptor,
  options: FetchBlobOptions,
): AsyncGenerator<Uint8Array> {
  const what = `pull the blob \`${want.digest}\` of \`${formatReference(reference)}\``;
  try {
    yield* verified(received(hosts, reference, want, what, options), want);
  } catch (thrown) {
    if (!(thrown instanceof DigestMismatchError)) throw thrown;
    throw new RegistryError('REG_CONTENT_MISMATCH', `cannot ${what}: ${thrown.message}`, { cause: thrown, hint: thrown.hint });
  }
}

/** A small blob whole. @throws {RegistryError} */
export async function fetchSmallBlob(
  hosts: Hosts,
  reference: Reference,
  want: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (want.size > maxDocumentBytes) {
    throw new RegistryError(
      'REG_BAD_RESPONSE',
      `\`${want.digest}\` of \`${formatReference(reference)}\` has ${want.size} bytes, more than the ${maxDocumentBytes} allowed`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of fetchBlob(hosts, reference, want, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* received(
  hosts: Hosts,
  reference: Reference,
  want: Descriptor,
  what: string,
  { signal, onProgress }: FetchBlobOptions,
): AsyncGenerator<Uint8Array> {
  const backoff = new Backoff(hosts.tuning);
  let offset = 0;
  let offsetOfLastFailure = 0;
  while (offset < want.size) {
    const start = offset;
    const { response, skipBytes } = await pullFrom(
      hosts,
      reference,
      what,
      (endpoint) => openAt(hosts, endpoint, want, start, signal),
      signal,
    );
    let failure: HostFailure;
    try {
      for await (const chunk of withoutFirst(response.body, skipBytes)) {
        offset += chunk.byteLength;
        onProgress?.(Math.min(offset, want.size), want.size);
        yield chunk;
      }
      failure = new HostFailure('REG_CONNECTION_LOST', `the answer ended after ${offset} of ${want.size} bytes`, {
        transient: true,
      });
    } catch (thrown) {
      failure = hostFailure(thrown, signal);
    } finally {
      await response.discard();
    }
    if (offset >= want.size) return;
    if (offset - offsetOfLastFailure >= worthwhileBytes) backoff.reset();
    offsetOfLastFailure = offset;
    if (!(await backoff.wait(failure, signal))) {
      const message = `cannot ${what}: ${failure.message} (${new URL(response.url).host}, at byte ${offset} of ${want.size})`;
      throw new RegistryError(failure.code, message, { hint: failure.details.hint ?? 'try again', cause: failure.details.cause });
    }
  }
}

/** Open the blob from byte `start`; `skipBytes` of the answer were had before. */
async function openAt(
  hosts: Hosts,
  endpoint: Endpoint,
  want: Descriptor,
  start: number,
  signal: AbortSignal,
): Promise<{ readonly response: WireResponse; readonly skipBytes: number }> {
  const response = await hosts.session.request(endpoint, {
    method: 'GET',
    target: `blobs/${want.digest}`,
    headers: start === 0 ? {} : { range: `bytes=${start}-` },
    scopes: [repositoryScope(endpoint.repository, 'pull')],
    access: 'pull',
    signal,
    expect: [200, 206],
  });
  const length = response.header('content-length');
  let wrong: string | undefined;
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.header('content-range') ?? '');
    if (range === null || Number(range[1]) !== start) wrong = `asked for the bytes from ${start} on, but the server sent others`;
    else if (range[2] !== '*' && Number(range[2]) !== want.size) wrong = sizeMismatch(want, Number(range[2]));
  } else if (length !== undefined && response.header('content-encoding') === undefined && Number(length) !== want.size) {
    wrong = sizeMismatch(want, Number(length));
  }
  if (wrong === undefined) return { response, skipBytes: response.status === 206 ? 0 : start };
  await response.discard();
  throw new HostFailure('REG_CONTENT_MISMATCH', wrong);
}

function sizeMismatch(want: Descriptor, got: number): string {
  return `\`${want.digest}\` should have ${want.size} bytes, but the server has ${got}`;
}

async function* withoutFirst(body: AsyncIterable<Uint8Array>, skipBytes: number): AsyncGenerator<Uint8Array> {
  let left = skipBytes;
  for await (const chunk of body) {
    if (left >= chunk.byteLength) left -= chunk.byteLength;
    else {
      yield left === 0 ? chunk : chunk.subarray(left);
      left = 0;
    }
  }
}

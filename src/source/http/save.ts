import { chmodSync, chownSync, mkdirSync, utimesSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { SlipwayError } from '../../base/index.ts';
import type { LayerId } from '../../layer/index.ts';
import { createDigester, type Digest } from '../../oci/index.ts';
import type { WireResponse } from '../../registry/index.ts';
import { createFileWriter, createIngest, type Store } from '../../store/index.ts';
import { downloadName } from './file-name.ts';
import type { HttpRequest } from './http-source.ts';

/** A download that is in the store. */
export interface SavedDownload {
  readonly layer: LayerId;
  readonly digest: Digest;
}

/** Bytes on their way, and what was said of them. */
export interface IncomingFile {
  readonly name: string;
  /** Seconds since 1970. */
  readonly mtimeSec: number;
  /** 0: nobody said. */
  readonly totalBytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface SaveOptions {
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (current: number, total: number) => void;
}

/**
 * Make a layer of one file. It is written and hashed in one pass.
 * @throws {SlipwayError} `SOURCE_DIGEST_MISMATCH` and nothing is kept
 */
export async function saveDownload(
  store: Store,
  request: HttpRequest,
  { name, mtimeSec, totalBytes, body }: IncomingFile,
  { now, signal, onProgress }: SaveOptions,
): Promise<SavedDownload> {
  using ingest = createIngest(store.paths);
  const directory = ingest.child('d');
  mkdirSync(directory, { mode: 0o755 });
  chmodSync(directory, 0o755);
  const path = ingest.child(`d/${name}`);
  const digester = createDigester();
  const checker = createChecker(request.checksum);
  let sizeBytes = 0;
  {
    using file = createFileWriter(path);
    for await (const chunk of body) {
      signal.throwIfAborted();
      digester.update(chunk);
      checker?.update(chunk);
      file.write(chunk);
      sizeBytes += chunk.byteLength;
      onProgress(sizeBytes, totalBytes);
    }
  }
  const digest = digester.digest();
  const got = checker?.digest() ?? digest;
  if (request.checksum !== undefined && got !== request.checksum) throw mismatch(got, request.checksum);
  const { mode, uid, gid } = request;
  chmodSync(path, mode);
  if ((uid !== 0 || gid !== 0) && process.getuid?.() === 0) chownSync(path, uid, gid);
  utimesSync(path, mtimeSec, mtimeSec);
  const layer = store.layers.newId();
  store.layers.commit({
    id: layer,
    createdAt: new Date(now()).toISOString(),
    entries: [{ type: 'file', path: name, mode, uid, gid, mtimeSec, sizeBytes, digest }],
    directory,
  });
  return { layer, digest };
}

/** The answer to a request as a file. */
export function incomingFile(request: HttpRequest, response: WireResponse): IncomingFile {
  return {
    name: downloadName(response.url, request.filename, response),
    mtimeSec: timeOf(response.header('last-modified')),
    totalBytes: Number(response.header('content-length')) || 0,
    body: response.body,
  };
}

/** Seconds since 1970 of an HTTP date; 0 for what is none. */
function timeOf(header: string | undefined): number {
  const ms = Date.parse(header ?? '');
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

/** For the algorithms besides sha256, which is computed anyway. */
function createChecker(checksum: string | undefined): { update(chunk: Uint8Array): void; digest(): string } | undefined {
  const algorithm = checksum?.slice(0, checksum.indexOf(':'));
  if (algorithm === undefined || algorithm === 'sha256') return undefined;
  const hash = createHash(algorithm);
  return { update: (chunk) => void hash.update(chunk), digest: () => `${algorithm}:${hash.digest('hex')}` };
}

function mismatch(got: string, wanted: string): SlipwayError {
  return new SlipwayError('SOURCE_DIGEST_MISMATCH', `digest mismatch ${got}: ${wanted}`, {
    hint: 'the server has other bytes than `--checksum` promises: check where they come from before you change the checksum',
  });
}

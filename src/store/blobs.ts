import { closeSync, existsSync, openSync, readFileSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { type HostPath, SlipwayError } from '../base/index.ts';
import { fsPath } from '../native/index.ts';
import { createDigester, type Descriptor, type Digest, DigestMismatchError, descriptorOf, digestOf } from '../oci/index.ts';
import { createFileWriter, createIngest, type FileWriter, type Ingest } from './ingest.ts';
import { noteUse, writeAside } from './records.ts';
import type { StorePaths } from './paths.ts';

/** Bytes named by their digest. What is there is whole. */
export interface Blobs {
  has(digest: Digest): boolean;
  /** Like `has`, and note that the blob is of use now: `slipway prune` keeps what a living build has used. */
  use(digest: Digest): boolean;
  path(digest: Digest): HostPath;
  sizeBytes(digest: Digest): number;
  /** Read a small blob whole, checking its digest; a damaged one is removed. @throws {SlipwayError} `STORE_BLOB_MISSING`, `STORE_BLOB_DAMAGED` */
  read(digest: Digest): Uint8Array;
  /**
   * Read a blob piece by piece. Its digest is checked on the way, unless this process made or read it before: at the end a damaged one is removed.
   * @throws {SlipwayError} `STORE_BLOB_MISSING`, `STORE_BLOB_DAMAGED`
   */
  stream(digest: Digest): AsyncIterable<Uint8Array>;
  /** Read the blob to check its digest, once per process; a damaged one is removed. @throws {SlipwayError} `STORE_BLOB_MISSING`, `STORE_BLOB_DAMAGED` */
  check(digest: Digest): Promise<void>;
  /** Store small `bytes`. Success means that they are there. */
  put(mediaType: string, bytes: Uint8Array): Descriptor;
  /** Store `source` as the blob `expected`, and pass each chunk to `observe` on its way. @throws {DigestMismatchError} */
  ingest(
    expected: Descriptor,
    source: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal; readonly observe?: (chunk: Uint8Array) => void | Promise<void> },
  ): Promise<void>;
  /** A blob whose digest is known only at its end. */
  create(): BlobWriter;
  remove(digest: Digest): void;
}

interface BlobWriter extends Disposable {
  /** Append; `chunk` may be used again afterwards. */
  write(chunk: Uint8Array): void;
  /** Give the blob its name. */
  commit(mediaType: string): Descriptor;
}

const chunkBytes = 1 << 20;

export function createBlobs(paths: StorePaths): Blobs {
  /** Made or read to the end by this process. */
  const checked = new Set<Digest>();
  const place = (ingest: Ingest, digest: Digest): void => {
    renameSync(ingest.child('blob'), paths.blob(digest));
    checked.add(digest);
  };
  const blobs: Blobs = {
    has: (digest) => existsSync(paths.blob(digest)),
    use: (digest) => noteUse(paths.blob(digest)),
    path: (digest) => paths.blob(digest),
    sizeBytes: (digest) => statSync(paths.blob(digest)).size,
    read(digest) {
      if (!blobs.has(digest)) throw missing(digest);
      const bytes = readFileSync(paths.blob(digest));
      if (digestOf(bytes) === digest) return bytes;
      blobs.remove(digest);
      throw damaged(digest);
    },
    async *stream(digest) {
      if (!blobs.has(digest)) throw missing(digest);
      if (checked.has(digest)) return yield* readFileChunks(paths.blob(digest));
      const digester = createDigester();
      for await (const chunk of readFileChunks(paths.blob(digest))) {
        digester.update(chunk);
        yield chunk;
      }
      if (digester.digest() !== digest) {
        blobs.remove(digest);
        throw damaged(digest);
      }
      checked.add(digest);
    },
    async check(digest) {
      if (checked.has(digest)) return;
      for await (const _ of blobs.stream(digest));
    },
    put(mediaType, bytes) {
      const descriptor = descriptorOf(mediaType, bytes);
      if (!blobs.use(descriptor.digest)) writeAside(paths, paths.blob(descriptor.digest), bytes);
      return descriptor;
    },
    async ingest(expected, source, { signal, observe }) {
      using ingest = createIngest(paths);
      using writer = createFileWriter(ingest.child('blob'));
      const digester = createDigester();
      let size = 0;
      for await (const chunk of source) {
        signal.throwIfAborted();
        size += chunk.byteLength;
        if (size > expected.size) throw new DigestMismatchError(expected, { size });
        digester.update(chunk);
        writer.write(chunk);
        await observe?.(chunk);
      }
      const digest = digester.digest();
      if (size !== expected.size || digest !== expected.digest) throw new DigestMismatchError(expected, { size, digest });
      writer.close();
      place(ingest, digest);
    },
    create() {
      const { ingest, writer } = openIngest(paths);
      const digester = createDigester();
      const buffer = Buffer.allocUnsafe(chunkBytes);
      let filled = 0;
      let size = 0;
      const put = (bytes: Uint8Array): void => {
        digester.update(bytes);
        writer.write(bytes);
        size += bytes.byteLength;
      };
      const flush = (): void => {
        if (filled > 0) put(buffer.subarray(0, filled));
        filled = 0;
      };
      return {
        write(chunk) {
          if (filled + chunk.byteLength > chunkBytes) flush();
          if (chunk.byteLength >= chunkBytes) return put(chunk);
          buffer.set(chunk, filled);
          filled += chunk.byteLength;
        },
        commit(mediaType) {
          flush();
          const digest = digester.digest();
          writer.close();
          if (!blobs.use(digest)) place(ingest, digest);
          return { mediaType, digest, size };
        },
        [Symbol.dispose]() {
          writer.close();
          ingest[Symbol.dispose]();
        },
      };
    },
    remove: (digest) => rmSync(paths.blob(digest), { force: true }),
  };
  return blobs;
}

function openIngest(paths: StorePaths): { readonly ingest: Ingest; readonly writer: FileWriter } {
  const ingest = createIngest(paths);
  try {
    return { ingest, writer: createFileWriter(ingest.child('blob')) };
  } catch (error) {
    ingest[Symbol.dispose]();
    throw error;
  }
}

function damaged(digest: Digest): SlipwayError {
  return new SlipwayError('STORE_BLOB_DAMAGED', `the store's blob \`${digest}\` was damaged, and is removed`, {
    class: 'internal',
    hint: 'try again: it is brought or made anew; if this repeats, check the disk',
  });
}

function missing(digest: Digest): SlipwayError {
  return new SlipwayError('STORE_BLOB_MISSING', `the store has no blob \`${digest}\``, {
    class: 'internal',
    hint: 'something outside of Slipway removed it; build again with `--no-cache`, or pull the image again',
  });
}

/** The bytes of `path` from `offset`, in chunks that stay valid. */
export async function* readFileChunks(
  path: HostPath,
  offset = 0,
  length: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const fd = openSync(fsPath(path), 'r');
  try {
    for (let at = offset, left = length; left > 0; ) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, left));
      const count = readSync(fd, chunk, 0, chunk.byteLength, at);
      if (count === 0) return;
      at += count;
      left -= count;
      yield chunk.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

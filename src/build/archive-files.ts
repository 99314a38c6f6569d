import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type HostPath, hostPath, isNodeError, peek, SlipwayError } from '../base/index.ts';
import { createFileWriter, type Ingest, readFileChunks } from '../store/index.ts';
import { createTarParser, decompress, sniffBytes, sniffCompression } from '../tar/index.ts';

/** The files of an image archive or layout, by name. Names come from the archive itself and are not trusted. */
export interface ArchiveFiles {
  has(name: string): boolean;
  /** A document; `undefined` when there is no such file. @throws {SlipwayError} `BUILD_BAD_ARCHIVE` it is too long to be one */
  read(name: string): Uint8Array | undefined;
  /** A file of any length. @throws {SlipwayError} `BUILD_BAD_ARCHIVE` there is no such file */
  open(name: string): AsyncIterable<Uint8Array>;
}

export function badArchive(why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('BUILD_BAD_ARCHIVE', `not an image archive: ${why}`, {
    cause,
    hint: 'give a file made by `slipway save`, `docker save` or an OCI layout',
  });
}

/** Indexes, manifests and configs are much shorter. */
const maxDocumentBytes = 64 << 20;

/** The files of `source`: a directory, a tar, or for `-` the tar that comes from `stdin`; a tar is spooled into `spool`, decompressed. */
export async function openArchiveFiles(
  source: string,
  {
    stdin,
    spool,
    signal,
  }: { readonly stdin: AsyncIterable<Uint8Array> | undefined; readonly spool: Ingest; readonly signal: AbortSignal },
): Promise<ArchiveFiles> {
  if (source === '-') {
    if (stdin === undefined) throw badArchive('no standard input was given');
    return await spooled(stdin, spool.child('archive.tar'), signal);
  }
  const stats = statSync(source, { throwIfNoEntry: false });
  if (stats === undefined) throw badArchive(`there is no file \`${source}\``);
  if (stats.isDirectory()) return inDirectory(source);
  try {
    return await spooled(createReadStream(source, { highWaterMark: 1 << 20 }), spool.child('archive.tar'), signal);
  } catch (error) {
    throw isNodeError(error) && error.syscall === 'open' ? badArchive(error.message, error) : error;
  }
}

/** The files of a layout that is a directory. */
export function inDirectory(directory: string): ArchiveFiles {
  const place = (name: string): Place | undefined => {
    const path = hostPath(join(directory, insideOnly(name)));
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true ? { path, offset: 0, sizeBytes: stats.size } : undefined;
  };
  return filesAt(place);
}

/** A name that climbs out would read files of this machine in place of the archive's. */
function insideOnly(name: string): string {
  if (name.startsWith('/') || name.split('/').includes('..')) throw badArchive(`it names \`${name}\`, which is outside of it`);
  return name;
}

async function spooled(source: AsyncIterable<Uint8Array>, path: HostPath, signal: AbortSignal): Promise<ArchiveFiles> {
  const places = new Map<string, Place>();
  const parser = createTarParser({
    onMember({ name, type, offset, sizeBytes, isSparse }) {
      if (isSparse) throw badArchive(`its \`${name}\` is a sparse file`);
      if (type === 'file') places.set(name.replace(/^\.\//, ''), { path, offset, sizeBytes });
    },
  });
  await using peeked = await peek(source, sniffBytes);
  if (peeked.first.byteLength === 0) throw badArchive('it is empty');
  using writer = createFileWriter(path);
  for await (const chunk of decompress(peeked.all, sniffCompression(peeked.first))) {
    signal.throwIfAborted();
    parser.write(chunk);
    writer.write(chunk);
  }
  parser.end();
  return filesAt((name) => places.get(name));
}

interface Place {
  readonly path: HostPath;
  readonly offset: number;
  readonly sizeBytes: number;
}

function filesAt(placeOf: (name: string) => Place | undefined): ArchiveFiles {
  return {
    has: (name) => placeOf(name) !== undefined,
    read(name) {
      const place = placeOf(name);
      if (place === undefined) return undefined;
      if (place.sizeBytes > maxDocumentBytes) throw badArchive(`its \`${name}\` is ${place.sizeBytes} bytes long`);
      return readRange(place);
    },
    open(name) {
      const place = placeOf(name);
      if (place === undefined) throw badArchive(`it has no \`${name}\``);
      return readFileChunks(place.path, place.offset, place.sizeBytes);
    },
  };
}

function readRange({ path, offset, sizeBytes }: Place): Uint8Array {
  const bytes = Buffer.alloc(sizeBytes);
  const fd = openSync(path, 'r');
  try {
    let at = 0;
    for (let count = -1; at < sizeBytes && count !== 0; at += count) count = readSync(fd, bytes, at, sizeBytes - at, offset + at);
    return bytes.subarray(0, at);
  } finally {
    closeSync(fd);
  }
}

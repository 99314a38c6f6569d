export { type CompressionKind, decompress, decompressed, sniffBytes, sniffCompression } from './decompress.ts';
export {
  cleanMemberName,
  type TarDirEntry,
  type TarEntry,
  type TarFileEntry,
  type TarOpaqueMarker,
  toArchiveEntry,
  toLayerEntry,
} from './entry.ts';
export { compressGzip, type DeflateBlock, type GzipOptions, zlibDeflate } from './gzip.ts';
export { looksLikeTar } from './header.ts';
export type { TarMember, TarType } from './member.ts';
export { createTarParser, type TarEvents, type TarParser } from './parser.ts';
export { readTar } from './read.ts';
export { compressZstd, type ZstdBlock, type ZstdOptions } from './zstd.ts';
export { TarWriter, type TarWriterOptions } from './writer.ts';

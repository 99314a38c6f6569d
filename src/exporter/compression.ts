import { type Compression, type Descriptor, layerCompression } from '../oci/index.ts';
import type { LayerBlob } from '../store/index.ts';
import { compressGzip, compressZstd, type ZstdBlock } from '../tar/index.ts';

/** The form layers get in an image. */
export interface LayerCompression {
  readonly type: 'uncompressed' | 'gzip' | 'zstd';
  /** gzip: 0 to 9, default 5. zstd: 1 to 22, default 3. */
  readonly level?: number | undefined;
  /** Layers that came compressed in another way get this form too. Default: they stay as they came. */
  readonly force?: boolean | undefined;
}

/** What compresses, and how much at a time. The bytes depend on neither. */
export interface Compressors {
  readonly zstd: ZstdBlock;
  /** How many blocks at once; asked for each. */
  readonly threads: () => number;
}

const defaultLevels = { gzip: 5, zstd: 3 } as const;

/** How a blob of this form is made, such as `gzip-5`; the plain tar has no such name. */
export function recipeOf({ type, level }: LayerCompression): string | undefined {
  return type === 'uncompressed' ? undefined : `${type}-${level ?? defaultLevels[type]}`;
}

/**
 * The blob among `blobs` that has the wanted form. One that came with its layer is taken whatever its level, and unless `force` is
 * set whatever its compression: what others made is passed on byte for byte.
 */
export function fittingBlob(blobs: readonly LayerBlob[], wanted: LayerCompression): Descriptor | undefined {
  const type: Compression = wanted.type === 'uncompressed' ? 'none' : wanted.type;
  const came = blobs.filter(({ made }) => made === undefined);
  const same = came.find(({ mediaType }) => layerCompression(mediaType) === type);
  if (same !== undefined) return same;
  const compressed = wanted.force === true ? undefined : came.find(({ mediaType }) => layerCompression(mediaType) !== 'none');
  return compressed ?? blobs.find(({ made }) => made !== undefined && made === recipeOf(wanted));
}

/** The bytes of `tar` in the wanted form. */
export function compressed(
  tar: AsyncIterable<Uint8Array>,
  { type, level }: LayerCompression,
  { zstd, threads }: Compressors,
): AsyncIterable<Uint8Array> {
  switch (type) {
    case 'uncompressed':
      return tar;
    case 'gzip':
      return compressGzip(tar, { level: level ?? defaultLevels.gzip, parallel: threads });
    case 'zstd':
      return compressZstd(tar, { level: level ?? defaultLevels.zstd, parallel: threads, compress: zstd });
  }
}

import { formatBytes, SlipwayError } from '../../base/index.ts';

export type PackedKind = 'gzip' | 'bzip2' | 'xz' | 'zstd';

export function badCompression(kind: PackedKind, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('TAR_BAD_COMPRESSION', `the ${kind} data is damaged: ${why}`, {
    cause,
    hint: 'download or make it again',
  });
}

/** Sound data that nothing here reads. */
export function noDecompressor(kind: PackedKind, what: string): SlipwayError {
  return new SlipwayError('TAR_NO_DECOMPRESSOR', `cannot read the ${kind} data: it has ${what}`, {
    hint: `compress it again with the default settings of \`${kind}\``,
  });
}

export function windowTooLarge(kind: PackedKind, sizeBytes: number, limitBytes: number): SlipwayError {
  return new SlipwayError(
    'TAR_WINDOW_TOO_LARGE',
    `the ${kind} data wants ${formatBytes(sizeBytes)} of memory to be read, more than ${formatBytes(limitBytes)}`,
    { hint: `compress it again with the default settings of \`${kind}\`` },
  );
}

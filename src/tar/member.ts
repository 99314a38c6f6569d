/** What a tar member can be. */
export type TarType = 'file' | 'dir' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** One member of a tar as its headers tell it, long names and pax records already applied. */
export interface TarMember {
  /** As written: may be absolute, end in a slash or climb out. See `toEntry`. */
  readonly name: string;
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Zero for all but files. */
  readonly sizeBytes: number;
  /** Whole seconds, rounded down. */
  readonly mtimeSec: number;
  /** Of symlinks and hard links; else empty. */
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
  /** Values in base64, names sorted. */
  readonly xattrs: Readonly<Record<string, string>> | undefined;
  /** Where the content starts in the uncompressed tar, in bytes. */
  readonly offset: number;
  /** The tar has the content with its holes left out: it is not to be read at `offset`, only as it is parsed. */
  readonly isSparse: boolean;
}

import type { Brand } from '../base/index.ts';
import type { Digest } from '../oci/index.ts';

/** Names one layer of the store for good. Says nothing of its content. */
export type LayerId = Brand<string, 'LayerId'>;

/** What every entry has. */
interface EntryCommon {
  /** Relative to the root, no leading or trailing slash, never `.` or `..`; the root itself is `''`. */
  readonly path: string;
  /** Permission bits with setuid, setgid and sticky: `0o7777`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970, as a layer tar stores it. */
  readonly mtimeSec: number;
  /** Values in base64, names sorted. Absent when there are none. */
  readonly xattrs?: Readonly<Record<string, string>> | undefined;
}

export interface FileEntry extends EntryCommon {
  readonly type: 'file';
  readonly sizeBytes: number;
  /** Digest of the content; absent until somebody asked for it. */
  readonly digest?: Digest | undefined;
  /** Where the bytes are; absent: in this layer's own directory or blob, under `path`. */
  readonly content?: Content | undefined;
  /** Where the content starts in this layer's own uncompressed tar, when that is known (bytes). */
  readonly tarOffset?: number | undefined;
}

/** Bytes that are not in the layer's own forms. */
export type Content =
  | { readonly kind: 'inline'; readonly base64: string }
  /** The file `path` of another layer of the store: what a graft leaves. */
  | { readonly kind: 'layer'; readonly layer: LayerId; readonly path: string };

export interface DirEntry extends EntryCommon {
  readonly type: 'dir';
  /** Hides what lower layers have in this directory. */
  readonly opaque?: boolean | undefined;
}

export interface SymlinkEntry extends EntryCommon {
  readonly type: 'symlink';
  /** As written; may be absolute, dangling or climb out. */
  readonly target: string;
}

/** A second name of a file. `target` is a path like `path`, in the same layer or below. */
export interface HardlinkEntry {
  readonly type: 'hardlink';
  readonly path: string;
  readonly target: string;
}

export interface SpecialEntry extends EntryCommon {
  readonly type: 'char' | 'block' | 'fifo';
  readonly major: number;
  readonly minor: number;
}

/** `path` of the layers below is gone. */
export interface WhiteoutEntry {
  readonly type: 'whiteout';
  readonly path: string;
}

/** One line of a layer index. */
export type Entry = FileEntry | DirEntry | SymlinkEntry | HardlinkEntry | SpecialEntry | WhiteoutEntry;

/** What one layer changes: sorted depth first, by path component (see `comparePaths`), each path once. */
export interface LayerIndex {
  readonly id: LayerId;
  readonly entries: readonly Entry[];
}

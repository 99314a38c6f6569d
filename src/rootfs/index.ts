export { type Content, createContent, type FileBytes } from './content.ts';
export { createDirectoryWriter, type DirectoryWriter, type DirectoryWriterOptions, type OpenFile } from './directory-writer.ts';
export { type LowersOptions, prepareLowers } from './lowers.ts';
export { type MountPoint, type MountStubs, prepareMountPoints, removeMountStubs } from './mount-stubs.ts';
export { type MountedRootfs, mountOverlay, type OverlayOptions } from './overlay.ts';
export { walkUpper } from './upper-walk.ts';
export { type DirectoryIo, type FileSource, type WrittenDirectory, writeDirectory } from './write-directory.ts';
export { entriesBelow, writeTree, type WriteTreeOptions } from './write-tree.ts';

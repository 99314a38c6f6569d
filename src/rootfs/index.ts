export { type Content, createContent } from './content.ts';
export { createDirectoryWriter } from './directory-writer.ts';
export { prepareLowers } from './lowers.ts';
export { prepareMountPoints, removeMountStubs } from './mount-stubs.ts';
export { mountOverlay } from './overlay.ts';
export { walkUpper } from './upper-walk.ts';
export { type DirectoryIo, writeDirectory } from './write-directory.ts';
export { entriesBelow, writeTree } from './write-tree.ts';

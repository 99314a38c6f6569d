export { type Blobs, type BlobWriter, readFileChunks } from './blobs.ts';
export { type Images, imageName, type StoredImage } from './images.ts';
export { createFileWriter, createIngest, type FileWriter, type Ingest } from './ingest.ts';
export { type LayerInfo, type Layers, layerIdOfDiff, type NewLayer } from './layers.ts';
export type { Locks } from './locks.ts';
export { type RecordKind, type StorePaths, storePaths } from './paths.ts';
export { type Records, writeAside } from './records.ts';
export { defaultStoreRoot, openStore, recoverStore, type Store } from './store.ts';

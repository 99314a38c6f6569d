export type { Compressors, LayerCompression } from './compression.ts';
export { type ExportedImage, exportImage, exportStored, type ImageForm, type ImageToExport } from './image.ts';
export { assembleImageConfig, type NewHistory } from './image-config.ts';
export { type BlobPorts, ensureBlob } from './layer-blob.ts';
export { type LayoutContent, writeLayoutDirectory, writeLayoutTar } from './layout.ts';
export { pushImage, type PushOptions } from './push.ts';
export { mergeTree } from './merge-tree.ts';
export { writeTreeTar } from './tree.ts';
export { timeText } from './times.ts';

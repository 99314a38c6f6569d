export { chainId } from './chain-id.ts';
export { type Descriptor, DigestMismatchError, descriptorJson, descriptorOf, parseDescriptor, verified } from './descriptor.ts';
export { createDigester, type Digest, type Digester, digestOf, hexOf, isDigest } from './digest.ts';
export {
  type Healthcheck,
  type HistoryEntry,
  type ImageConfig,
  parseImageConfig,
  printImageConfig,
  type RunConfig,
} from './image-config.ts';
export { type ImageIndex, type Manifest, parseManifest, printManifest } from './manifest.ts';
export { type Compression, isIndexType, layerCompression, mediaTypes } from './media-type.ts';
export {
  choosePlatform,
  formatPlatform,
  linuxPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
  samePlatform,
} from './platform.ts';
export { familiarReference, formatReference, parseReference, type Reference } from './reference.ts';

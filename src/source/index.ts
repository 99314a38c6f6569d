export { createGitSource, type GitCheckout, type GitRequest, type GitSource } from './git/git-source.ts';
export { createHttpSource, type HttpRequest, type HttpSource } from './http/http-source.ts';
export {
  type FetchProgress,
  createImageSource,
  type ImageSource,
  type ImageSourceOptions,
  type ResolvedImage,
} from './image-source.ts';
export { ingestLayer, type LayerToIngest } from './ingest-layer.ts';
export { ingestTar, type TarToIngest } from './ingest-tar.ts';
export { type LocalContext, type LocalContextOptions, openLocalContext } from './local-context.ts';
export { followEverything, type FollowPaths, followPaths } from './follow-paths.ts';
export { readLayerTar } from './read-layer-tar.ts';
export { statIfThere } from './stat-if-there.ts';

export { createGitSource, type GitRequest, type GitSource } from './git/git-source.ts';
export { createHttpSource, type HttpRequest, type HttpSource } from './http/http-source.ts';
export {
  type FetchProgress,
  createImageSource,
  type ImageSource,
} from './image-source.ts';
export { ingestLayer } from './ingest-layer.ts';
export { ingestTar } from './ingest-tar.ts';
export { type LocalContext, openLocalContext } from './local-context.ts';
export { followEverything, followPaths } from './follow-paths.ts';
export { readLayerTar } from './read-layer-tar.ts';

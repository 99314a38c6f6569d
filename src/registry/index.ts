export { createRegistryClient, type RegistryClient, type RegistryOptions } from './client.ts';
export { createDownloader, type Downloader } from './download.ts';
export { anonymous } from './credentials.ts';
export { loadDockerCredentials } from './docker-config.ts';
export { parseMirrorOptions } from './endpoint.ts';
export type { FetchedImage } from './image.ts';
export type { WireResponse } from './transport.ts';

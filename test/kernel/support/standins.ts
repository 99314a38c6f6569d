import { join } from 'node:path';
import { type RegistryServer, startRegistry } from './docker-registry.ts';
import { repository, succeed } from './slipway.ts';

/** A real registry that serves the stand-in base images, as `library/alpine:latest` and so on. */
export async function standinRegistry(): Promise<RegistryServer> {
  const data = await succeed('bash', [join(repository, 'scripts/standin-registry.sh')]);
  return startRegistry({ data: data.trim() });
}

/** What makes Slipway ask `registry` in place of Docker Hub. */
export function mirrored(registry: RegistryServer): Readonly<Record<string, string>> {
  return { SLIPWAY_REGISTRY_MIRRORS: `docker.io=http://${registry.host}` };
}

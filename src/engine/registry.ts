import { homedir } from 'node:os';
import { join } from 'node:path';
import { SlipwayError } from '../base/index.ts';
import type { Downloader, RegistryClient } from '../registry/index.ts';
import type { EngineSettings } from './settings.ts';

/** The registry client of this engine. Loads what only the network needs. */
export async function openRegistryClient(settings: EngineSettings): Promise<RegistryClient> {
  refuseOffline(settings);
  const { createRegistryClient, loadDockerCredentials, parseMirrorOptions } = await import('../registry/index.ts');
  return createRegistryClient({
    mirrors: parseMirrorOptions(settings.registryMirrors),
    insecureHosts: settings.insecureRegistries,
    credentials: loadDockerCredentials({ env: settings.env, home: homedir() }),
    userAgent: 'slipway',
    env: settings.env,
    certificateDirectories: certificateDirectories(settings),
  });
}

/** Where people keep certificates of registries: ours first, then those of Docker, rootless or not, and of Podman. */
function certificateDirectories({ env }: EngineSettings): readonly string[] {
  const own = env['SLIPWAY_CERTS_DIR'] ?? '';
  const usual = ['/etc/docker/certs.d', join(homedir(), '.config/docker/certs.d'), '/etc/containers/certs.d'];
  return own === '' ? usual : [own, ...usual];
}

/** What fetches files of the web for this engine. */
export async function openDownloader(settings: EngineSettings): Promise<Downloader> {
  refuseOffline(settings);
  const { createDownloader } = await import('../registry/index.ts');
  return createDownloader({
    env: settings.env,
    insecureHosts: settings.insecureRegistries,
    certificateDirectories: certificateDirectories(settings),
    userAgent: 'slipway',
  });
}

function refuseOffline({ offline }: EngineSettings): void {
  if (offline !== true) return;
  throw new SlipwayError('REG_OFFLINE', 'the network would be needed, which `--offline` forbids', {
    class: 'registry',
    hint: 'leave out `--offline`, or unset `SLIPWAY_OFFLINE`',
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNotFound, SlipwayError } from '../base/index.ts';
import type { Environment } from './flags/key-values.ts';

const settings: Readonly<Record<string, string>> = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  ftpProxy: 'FTP_PROXY',
  noProxy: 'NO_PROXY',
  allProxy: 'ALL_PROXY',
};

/**
 * The proxy build arguments of Docker's `config.json` (`proxies.default`), as `docker build` passes them.
 * @throws {SlipwayError} `CLI_BAD_CONFIG` the file is there and can't be read
 */
export function dockerProxies(env: Environment): Readonly<Record<string, string>> {
  const directory = env['DOCKER_CONFIG'] || (env['HOME'] ? join(env['HOME'], '.docker') : undefined);
  if (directory === undefined) return {};
  const path = join(directory, 'config.json');
  let config: { readonly proxies?: { readonly default?: Readonly<Record<string, unknown>> } } | null;
  try {
    config = JSON.parse(readFileSync(path, 'utf8')) as typeof config;
  } catch (error) {
    if (isNotFound(error)) return {};
    throw new SlipwayError('CLI_BAD_CONFIG', `Docker's configuration ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const args: Record<string, string> = {};
  for (const [key, value] of Object.entries(config?.proxies?.default ?? {})) {
    const name = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (name !== undefined && typeof value === 'string' && value !== '') args[name] = value;
  }
  return args;
}

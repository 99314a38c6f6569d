import { readConfig } from './config-file.ts';
import type { Flags } from './flags/flag.ts';
import type { Environment } from './flags/key-values.ts';
import type { EngineOptions } from './ports.ts';

/** Flags of every command: where the store lies and how registries are reached. */
export const globalFlags = {
  root: { kind: 'string', value: 'DIR', about: 'where images, layers and the cache are kept' },
  'registry-mirror': {
    kind: 'list',
    value: 'HOST=URL',
    about: 'ask URL before the registry HOST, for example docker.io=http://127.0.0.1:5000',
  },
  'insecure-registry': { kind: 'list', value: 'HOST', about: 'allow plain HTTP and unverified certificates for HOST' },
  runtime: { kind: 'string', value: 'NAME', about: 'runc, crun or unshare, instead of the first that works' },
  debug: { kind: 'bool', short: 'D', about: 'show stack traces and causes of errors' },
  help: { kind: 'bool', short: 'h', about: 'show this help' },
} as const;

/**
 * What every command shares, by precedence: flag, then variable, then configuration file. A list is replaced as a whole, never joined.
 * @throws {SlipwayError} `CLI_BAD_CONFIG`
 */
export function engineOptions(flags: Flags<typeof globalFlags>, env: Environment): EngineOptions {
  const config = readConfig(env);
  const root = flags.text('root') ?? (env['SLIPWAY_ROOT'] || config.root);
  const registryMirrors =
    givenList(flags.list('registry-mirror')) ?? splitList(env['SLIPWAY_REGISTRY_MIRRORS']) ?? config.registryMirrors;
  const insecureRegistries = givenList(flags.list('insecure-registry')) ?? config.insecureRegistries;
  const runtime = flags.text('runtime') ?? config.runtime;
  return {
    ...(root === undefined ? {} : { root }),
    ...(registryMirrors === undefined ? {} : { registryMirrors }),
    ...(insecureRegistries === undefined ? {} : { insecureRegistries }),
    ...(runtime === undefined ? {} : { runtime }),
  };
}

function givenList(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values;
}

function splitList(text: string | undefined): readonly string[] | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

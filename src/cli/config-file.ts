import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNotFound, nearest, reasonOf, SlipwayError } from '../base/index.ts';
import type { Environment } from './flags/key-values.ts';

/** Defaults a user keeps in `config.json`. */
export interface ConfigFile {
  readonly registryMirrors?: readonly string[];
  readonly insecureRegistries?: readonly string[];
  readonly root?: string;
  readonly runtime?: string;
  /** `20GB`. */
  readonly cacheLimit?: string;
  /** Rules for every Dockerfile. */
  readonly check?: {
    readonly skip?: readonly string[];
    readonly experimental?: readonly string[];
    readonly error?: boolean;
  };
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const checkKeys: Readonly<Record<string, (value: unknown) => boolean>> = {
  skip: isTextList,
  experimental: isTextList,
  error: (value) => typeof value === 'boolean',
};
const isCheck = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(([key, member]) => Object.hasOwn(checkKeys, key) && checkKeys[key]?.(member) === true);
const keys: { readonly [K in keyof Required<ConfigFile>]: readonly [check: (value: unknown) => boolean, want: string] } = {
  registryMirrors: [isTextList, 'a list of texts such as "docker.io=http://127.0.0.1:5000"'],
  insecureRegistries: [isTextList, 'a list of hosts such as "registry.test:5000"'],
  root: [isText, 'a path'],
  runtime: [isText, 'the name of a runtime'],
  cacheLimit: [isText, 'a size such as "20GB"'],
  check: [isCheck, 'an object such as {"skip": ["StageNameCasing"], "experimental": ["all"], "error": true}'],
};

/** Where the configuration lies: `$SLIPWAY_CONFIG`, else `slipway/config.json` below `$XDG_CONFIG_HOME` or `~/.config`. */
export function configPath(env: Environment): string | undefined {
  if (env['SLIPWAY_CONFIG']) return env['SLIPWAY_CONFIG'];
  if (env['XDG_CONFIG_HOME']) return join(env['XDG_CONFIG_HOME'], 'slipway/config.json');
  return env['HOME'] ? join(env['HOME'], '.config/slipway/config.json') : undefined;
}

/**
 * Read the configuration. A file that isn't there is an empty one, unless `$SLIPWAY_CONFIG` names it.
 * @throws {SlipwayError} `CLI_BAD_CONFIG`
 */
export function readConfig(env: Environment): ConfigFile {
  const path = configPath(env);
  if (path === undefined) return {};
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isNotFound(error) && !env['SLIPWAY_CONFIG']) return {};
    throw new SlipwayError('CLI_BAD_CONFIG', `the configuration ${path} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return parseConfig(text, path);
}

/** @throws {SlipwayError} `CLI_BAD_CONFIG` */
export function parseConfig(text: string, path: string): ConfigFile {
  const bad = (message: string, hint?: string, cause?: unknown): SlipwayError =>
    new SlipwayError('CLI_BAD_CONFIG', `${path}: ${message}`, { hint, cause });
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw bad(`not JSON: ${(error as Error).message}`, undefined, error);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw bad('the configuration must be a JSON object');
  for (const [key, value] of Object.entries(config)) {
    if (!Object.hasOwn(keys, key)) {
      const meant = nearest(key, Object.keys(keys), 4);
      throw bad(
        `\`${key}\` is not a setting`,
        meant === undefined ? `the settings are ${Object.keys(keys).join(', ')}` : `did you mean \`${meant}\`?`,
      );
    }
    const [check, want] = keys[key as keyof ConfigFile];
    if (!check(value)) throw bad(`\`${key}\` must be ${want}`);
  }
  return config as ConfigFile;
}

import { readFile as readFileOfDisk } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotFound, SlipwayError } from '../base/index.ts';
import { askHelper, type RunHelper, runCredentialHelper } from './credential-helper.ts';
import type { Credentials, CredentialSource } from './credentials.ts';
import type { Environment } from './extra-roots.ts';

export interface DockerCredentialOptions {
  /** Read for `DOCKER_CONFIG` and `DOCKER_AUTH_CONFIG`. */
  readonly env: Environment;
  /** The user's home directory; absent: only the environment is read. */
  readonly home?: string | undefined;
  /** Default: the disk. Rejects with `ENOENT` for an absent file. */
  readonly readFile?: ((path: string) => Promise<string>) | undefined;
  /** Default: spawns the program. */
  readonly runHelper?: RunHelper | undefined;
}

interface DockerConfig {
  /** For messages. */
  readonly place: string;
  readonly auths: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

/**
 * The credentials that `docker login` left: `DOCKER_AUTH_CONFIG` first, then `$DOCKER_CONFIG/config.json` or
 * `~/.docker/config.json`; in each the helper of the host, the general helper, the entry itself. An entry may name a
 * part of a host (`registry.example.com/team`); the longest that fits wins. Reads nothing before it is asked.
 * The source rejects with `REG_BAD_DOCKER_CONFIG`.
 */
export function loadDockerCredentials(options: DockerCredentialOptions): CredentialSource {
  const { env, home, readFile = (path) => readFileOfDisk(path, 'utf8'), runHelper = runCredentialHelper } = options;
  let loading: Promise<readonly DockerConfig[]> | undefined;
  return async (host, repository) => {
    let none: Credentials | undefined;
    for (const config of await (loading ??= readConfigs(env, home, readFile))) {
      const found = await lookUp(config, host, repository, runHelper);
      if (found !== undefined && found.kind !== 'none') return found;
      none ??= found;
    }
    return none;
  };
}

async function readConfigs(
  env: Environment,
  home: string | undefined,
  readFile: (path: string) => Promise<string>,
): Promise<readonly DockerConfig[]> {
  const configs: DockerConfig[] = [];
  const inline = env['DOCKER_AUTH_CONFIG'];
  if (inline !== undefined && inline.trim() !== '') configs.push(parseConfig(inline, '`DOCKER_AUTH_CONFIG`'));
  const directory = env['DOCKER_CONFIG'] || (home === undefined ? undefined : join(home, '.docker'));
  if (directory === undefined) return configs;
  const path = join(directory, 'config.json');
  try {
    const text = await readFile(path);
    if (text.trim() !== '') configs.push(parseConfig(text, `\`${path}\``));
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    if (!isNotFound(cause))
      throw badConfig(
        `\`${path}\` can't be read: ${(cause as Error).message}`,
        'make it readable, or name another directory in `DOCKER_CONFIG`',
      );
  }
  return configs;
}

function parseConfig(text: string, place: string): DockerConfig {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    // Neither the parser's words nor the error itself: they quote the text, passwords and all.
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = position === undefined ? '' : `, line ${text.slice(0, Number(position)).split('\n').length}`;
    throw badConfig(`${place} is not JSON${line}`);
  }
  if (!isRecord(raw)) throw badConfig(`${place} is not a JSON object`);
  const record = (key: string): Readonly<Record<string, unknown>> => {
    const value = raw[key] ?? {};
    if (!isRecord(value)) throw badConfig(`\`${key}\` in ${place} is not an object`);
    return value;
  };
  const auths = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [key, value] of Object.entries(record('auths'))) {
    if (!isRecord(value)) throw badConfig(`the entry of \`${key}\` in ${place} is not an object`);
    auths.set(normalKey(key), value);
  }
  const credHelpers = new Map<string, string>();
  for (const [key, value] of Object.entries(record('credHelpers'))) {
    if (typeof value !== 'string') throw badConfig(`the helper of \`${key}\` in ${place} is not a name`);
    credHelpers.set(normalKey(key), value);
  }
  const credsStore = typeof raw['credsStore'] === 'string' && raw['credsStore'] !== '' ? raw['credsStore'] : undefined;
  return { place, auths, credHelpers, credsStore };
}

async function lookUp(config: DockerConfig, host: string, repository: string, run: RunHelper): Promise<Credentials | undefined> {
  const key = normalKey(host);
  const helper = config.credHelpers.get(key) ?? config.credsStore;
  // Docker Hub's name in every helper's store is this URL.
  const answer =
    helper === undefined ? undefined : await askHelper(run, helper, key === 'docker.io' ? 'https://index.docker.io/v1/' : host);
  if (answer !== undefined && answer.kind !== 'none') return answer;
  const parts = [key, ...repository.split('/')];
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join('/');
    const entry = config.auths.get(name);
    const found = entry === undefined ? undefined : readEntry(entry, name, config.place);
    if (found !== undefined) return found;
  }
  return answer;
}

function readEntry(entry: Readonly<Record<string, unknown>>, name: string, place: string): Credentials | undefined {
  const text = (key: string): string => (typeof entry[key] === 'string' ? entry[key] : '');
  if (text('registrytoken') !== '') return { kind: 'registry-token', token: text('registrytoken') };
  if (text('identitytoken') !== '') return { kind: 'identity-token', token: text('identitytoken') };
  if (text('auth') !== '') {
    const decoded = Buffer.from(text('auth'), 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon < 1) throw badConfig(`\`auth\` of \`${name}\` in ${place} is not user:password in base64`);
    return { kind: 'basic', username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
  }
  if (text('username') !== '') return { kind: 'basic', username: text('username'), password: text('password') };
  return undefined;
}

/** `https://index.docker.io/v1/` → `docker.io`, `https://host/v2/` → `host`, `host/team/` → `host/team`. */
function normalKey(key: string): string {
  const path = key
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '');
  return path === 'index.docker.io' || path === 'registry-1.docker.io' ? 'docker.io' : path;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function badConfig(message: string, hint = 'correct the file, or log in again with `docker login`'): SlipwayError {
  return new SlipwayError('REG_BAD_DOCKER_CONFIG', message, { hint });
}

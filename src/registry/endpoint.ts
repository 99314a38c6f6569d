import { SlipwayError } from '../base/index.ts';
import type { Reference } from '../oci/index.ts';

/** Where a mirror answers. */
export interface MirrorEndpoint {
  /** `host[:port]`. */
  readonly host: string;
  /** Absent: as for any registry of that host, plain HTTP on loopback and HTTPS elsewhere. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** Goes before the repository; no slash at either end, empty for none. */
  readonly prefix: string;
}

/** One host to ask about one repository. */
export interface Endpoint {
  readonly kind: 'mirror' | 'origin';
  /** As people and credential files name it: `docker.io`, `localhost:5000`. */
  readonly host: string;
  /** `host[:port]` of the API. */
  readonly apiHost: string;
  readonly scheme?: 'http' | 'https' | undefined;
  /** Path of the repository on this host, a mirror's prefix included. */
  readonly repository: string;
  /** The registry a mirror stands in for: its `ns` query. */
  readonly namespace?: string | undefined;
}

const hostPattern = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$/;
const prefixPattern = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;

/**
 * Read `host=mirror[,mirror…]`, a mirror being `[http://|https://]host[:port][/prefix]`.
 * @throws {SlipwayError} `REG_BAD_MIRROR`
 */
export function parseMirrorOption(text: string): { readonly origin: string; readonly mirrors: readonly MirrorEndpoint[] } {
  const equals = text.indexOf('=');
  const origin = text.slice(0, Math.max(equals, 0)).trim();
  if (!hostPattern.test(origin)) throw badMirror('it names no registry before `=`');
  const mirrors = text
    .slice(equals + 1)
    .split(',')
    .map((each) => parseMirror(each.trim()));
  return { origin: origin === 'index.docker.io' ? 'docker.io' : origin, mirrors };
}

/** All `--registry-mirror` options together; mirrors of one registry keep their order. @throws {SlipwayError} `REG_BAD_MIRROR` */
export function parseMirrorOptions(options: readonly string[]): ReadonlyMap<string, readonly MirrorEndpoint[]> {
  const map = new Map<string, readonly MirrorEndpoint[]>();
  for (const { origin, mirrors } of options.map(parseMirrorOption)) map.set(origin, [...(map.get(origin) ?? []), ...mirrors]);
  return map;
}

function parseMirror(text: string): MirrorEndpoint {
  const scheme = /^(https?):\/\//i.exec(text);
  const rest = scheme === null ? text : text.slice(scheme[0].length);
  if (rest.includes('@')) throw badMirror('a mirror takes no user name or password; log in to it with `docker login`');
  const slash = rest.indexOf('/');
  const host = slash < 0 ? rest : rest.slice(0, slash);
  const prefix =
    slash < 0
      ? ''
      : rest
          .slice(slash + 1)
          .replace(/\/+$/, '')
          .replace(/^v2(?:\/|$)/, '');
  if (!hostPattern.test(host)) throw badMirror(`\`${host}\` is not a host`);
  if (prefix !== '' && !prefixPattern.test(prefix)) throw badMirror(`\`${prefix}\` is not a path prefix`);
  return { host, prefix, ...(scheme === null ? {} : { scheme: scheme[1]?.toLowerCase() === 'http' ? 'http' : 'https' }) };
}

function badMirror(why: string): SlipwayError {
  return new SlipwayError('REG_BAD_MIRROR', `bad registry mirror: ${why}`, {
    hint: 'write it as registry=mirror, for example docker.io=https://mirror.example.com/prefix',
  });
}

/** The image's own registry. */
export function originEndpoint(reference: Reference): Endpoint {
  const { host, repository } = reference;
  return { kind: 'origin', host, apiHost: host === 'docker.io' ? 'registry-1.docker.io' : host, repository };
}

export function mirrorEndpoint(mirror: MirrorEndpoint, reference: Reference): Endpoint {
  return {
    kind: 'mirror',
    host: mirror.host,
    apiHost: mirror.host,
    scheme: mirror.scheme,
    repository: mirror.prefix === '' ? reference.repository : `${mirror.prefix}/${reference.repository}`,
    namespace: reference.host,
  };
}

export function endpointName(endpoint: Endpoint): string {
  const place = endpoint.scheme === undefined ? endpoint.apiHost : `${endpoint.scheme}://${endpoint.apiHost}`;
  return endpoint.kind === 'mirror' ? `mirror ${place}` : place;
}

/** Is `hostname` (with or without a port) this machine? Such traffic never leaves it, so it needs no TLS and no proxy. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

import { SlipwayError } from '../base/index.ts';
import { type Digest, isDigest } from './digest.ts';

/** A parsed image name. `host` is `docker.io` where none was written; a lone name got `library/`. */
export interface Reference {
  readonly host: string;
  readonly repository: string;
  /** `latest` where neither tag nor digest was written. */
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

const pathPart = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const hostPattern = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$/;

/**
 * Parse and normalise `[host[:port]/]path[:tag][@digest]`.
 * @throws {SlipwayError} `OCI_BAD_REFERENCE`
 */
export function parseReference(text: string): Reference {
  const bad = (why: string): SlipwayError =>
    new SlipwayError('OCI_BAD_REFERENCE', `\`${text}\` is not an image reference: ${why}`, {
      hint: 'write it as [host/]name[:tag][@sha256:…]',
    });
  let rest = text;
  let digest: Digest | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    const after = rest.slice(at + 1);
    if (!isDigest(after)) throw bad(`\`${after}\` is not a sha256 digest`);
    digest = after;
    rest = rest.slice(0, at);
  }
  const slash = rest.indexOf('/');
  const first = slash < 0 ? '' : rest.slice(0, slash);
  let host = 'docker.io';
  if (slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first)) {
    if (!hostPattern.test(first)) throw bad(`\`${first}\` is not a host`);
    host = first === 'index.docker.io' ? 'docker.io' : first;
    rest = rest.slice(slash + 1);
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon >= 0) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(tag)) throw bad(`\`${tag}\` is not a tag`);
  }
  if (rest === '') throw bad('it has no name');
  if (rest !== rest.toLowerCase()) throw bad('the repository name must be lower case');
  if (!rest.split('/').every((part) => pathPart.test(part))) throw bad(`\`${rest}\` is not a repository name`);
  const repository = host === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  if (host.length + repository.length > 255) throw bad('it is longer than 255 characters');
  return {
    host,
    repository,
    ...((tag ?? digest) ? {} : { tag: 'latest' }),
    ...(tag ? { tag } : {}),
    ...(digest ? { digest } : {}),
  };
}

/** The full name: `docker.io/library/alpine:3.20@sha256:…`. */
export function formatReference(reference: Reference): string {
  const { host, repository, tag, digest } = reference;
  return `${host}/${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/** The short name people write: `alpine:3.20`. */
export function familiarReference(reference: Reference): string {
  const { host, repository, tag, digest } = reference;
  const path = host === 'docker.io' ? repository.replace(/^library\//, '') : `${host}/${repository}`;
  return `${path}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

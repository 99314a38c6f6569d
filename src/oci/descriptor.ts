import { SlipwayError } from '../base/index.ts';
import { createDigester, type Digest, digestOf, isDigest } from './digest.ts';
import type { Platform } from './platform.ts';

/** Media type, digest and size (bytes) of a blob. @see OCI image-spec, descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly urls?: readonly string[] | undefined;
  readonly artifactType?: string | undefined;
}

export function descriptorOf(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

/** Bytes that are not what a descriptor promised. */
export class DigestMismatchError extends SlipwayError {
  override readonly name = 'DigestMismatchError';
  readonly expected: Descriptor;

  constructor(expected: Descriptor, got: { readonly size: number; readonly digest?: string }) {
    super(
      'OCI_DIGEST_MISMATCH',
      got.digest === undefined || got.size !== expected.size
        ? `\`${expected.digest}\` should have ${expected.size} bytes, but got ${got.digest === undefined ? 'more' : got.size}`
        : `content of \`${expected.digest}\` has the digest \`${got.digest}\``,
      { class: 'registry', hint: 'the content was cut short or changed on its way; try again' },
    );
    this.expected = expected;
  }
}

/** Yields `source` unchanged and throws at its end, or as soon as it runs long, unless it is exactly `want`. */
export async function* verified(source: AsyncIterable<Uint8Array>, want: Descriptor): AsyncGenerator<Uint8Array> {
  const digester = createDigester();
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size > want.size) throw new DigestMismatchError(want, { size });
    digester.update(chunk);
    yield chunk;
  }
  const digest = digester.digest();
  if (size !== want.size || digest !== want.digest) throw new DigestMismatchError(want, { size, digest });
}

/** Read a descriptor out of untrusted JSON. @throws {SlipwayError} `OCI_BAD_DESCRIPTOR` */
export function parseDescriptor(value: unknown): Descriptor {
  const bad = (why: string): SlipwayError =>
    new SlipwayError('OCI_BAD_DESCRIPTOR', `bad descriptor: ${why}`, { class: 'registry' });
  if (typeof value !== 'object' || value === null) throw bad('not an object');
  const raw = value as Record<string, unknown>;
  const { mediaType, digest, size, platform, annotations, urls, artifactType } = raw;
  if (typeof mediaType !== 'string') throw bad('no mediaType');
  if (typeof digest !== 'string' || !isDigest(digest)) throw bad(`\`${String(digest)}\` is not a sha256 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw bad(`size of ${digest} is not a byte count`);
  return {
    mediaType,
    digest,
    size,
    ...(isRecord(platform) ? { platform: parsePlatformObject(platform) } : {}),
    ...(isRecord(annotations) ? { annotations: stringMembers(annotations) } : {}),
    ...(Array.isArray(urls) ? { urls: urls.filter((url) => typeof url === 'string') } : {}),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
  };
}

function parsePlatformObject(raw: Record<string, unknown>): Platform {
  const text = (key: string): string | undefined => (typeof raw[key] === 'string' ? raw[key] : undefined);
  return {
    os: text('os') ?? 'unknown',
    architecture: text('architecture') ?? 'unknown',
    ...(text('variant') ? { variant: text('variant') } : {}),
    ...(text('os.version') ? { osVersion: text('os.version') } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringMembers(raw: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The JSON form, members in the order the field writes them. */
export function descriptorJson(descriptor: Descriptor): Record<string, unknown> {
  const { platform } = descriptor;
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    ...(descriptor.urls ? { urls: descriptor.urls } : {}),
    ...(descriptor.annotations ? { annotations: descriptor.annotations } : {}),
    ...(platform
      ? {
          platform: {
            architecture: platform.architecture,
            os: platform.os,
            ...(platform.osVersion ? { 'os.version': platform.osVersion } : {}),
            ...(platform.variant ? { variant: platform.variant } : {}),
          },
        }
      : {}),
    ...(descriptor.artifactType ? { artifactType: descriptor.artifactType } : {}),
  };
}

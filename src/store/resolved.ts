import type { Json } from '../base/index.ts';
import { type Digest, isDigest } from '../oci/index.ts';

/** What a tag was last known to be, for one platform. */
export interface Resolved {
  /** Of the platform's manifest. */
  readonly digest: Digest;
  /** The full name. */
  readonly name?: string | undefined;
  /** What the registry said the tag names: the image index, or the manifest itself. */
  readonly top?: Digest | undefined;
  /** When the registry said so. */
  readonly askedAtMs?: number | undefined;
}

/** Read the value of a record of the kind `resolved`. */
export function parseResolved(value: Json | undefined): Resolved | undefined {
  const { digest, name, top, askedAtMs } =
    typeof value === 'string' ? { digest: value } : ((value ?? {}) as { readonly [K in keyof Resolved]?: unknown });
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  return {
    digest,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof top === 'string' && isDigest(top) ? { top } : {}),
    ...(typeof askedAtMs === 'number' ? { askedAtMs } : {}),
  };
}

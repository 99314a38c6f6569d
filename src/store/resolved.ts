import type { Json } from '../base/index.ts';
import { type Digest, isDigest } from '../oci/index.ts';

/** What a tag was last known to be, for one platform. */
export interface Resolved {
  /** Of the platform's manifest. */
  readonly digest: Digest;
  /** The full name. */
  readonly name?: string | undefined;
}

/** Read the value of a record of the kind `resolved`. */
export function parseResolved(value: Json | undefined): Resolved | undefined {
  const { digest, name } =
    typeof value === 'string' ? { digest: value } : ((value ?? {}) as { digest?: unknown; name?: unknown });
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  return { digest, ...(typeof name === 'string' ? { name } : {}) };
}

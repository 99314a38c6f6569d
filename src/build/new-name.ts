import { SlipwayError } from '../base/index.ts';
import { formatReference, parseReference } from '../oci/index.ts';

/** The full form of a name for an image that is made here. @throws {SlipwayError} `OCI_BAD_REFERENCE`, `BUILD_BAD_NAME` */
export function newName(text: string): string {
  const reference = parseReference(text);
  if (reference.digest === undefined) return formatReference(reference);
  throw new SlipwayError('BUILD_BAD_NAME', `\`${text}\` cannot name a new image: only the image's own bytes give it a digest`, {
    hint: 'leave out `@sha256:…`',
  });
}

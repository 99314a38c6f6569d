import { SlipwayError } from '../../base/index.ts';
import type { Output } from '../ports.ts';
import { annotationAttribute, annotationOfAttribute } from './annotation.ts';
import { parseTruth } from './parse-arguments.ts';

type ImageOutput = Extract<Output, { type: 'image' }>;
type ImageAttributes = Pick<
  ImageOutput,
  | 'annotations'
  | 'compression'
  | 'compressionLevel'
  | 'forceCompression'
  | 'ociMediaTypes'
  | 'preferNondistLayers'
  | 'rewriteTimestamp'
  | 'sourceDateEpoch'
>;

/** What every output that is an image takes. */
export const imageAttributeNames: readonly string[] =
  'annotation.KEY attestation-inline buildinfo compression compression-level force-compression name oci-artifact oci-mediatypes prefer-nondist-layers rewrite-timestamp source-date-epoch'.split(
    ' ',
  );

/** What the image store takes besides. */
export const storeAttributeNames: readonly string[] =
  'danging-name-empty-only dangling-name-prefix name-canonical push push-by-digest registry.insecure store unpack'.split(' ');

/** @throws {SlipwayError} `CLI_BAD_OUTPUT`, `CLI_NOT_SUPPORTED` */
export function imageAttributes(attrs: ReadonlyMap<string, string>): ImageAttributes {
  const truth = truthIn(attrs);
  const ociMediaTypes = truth('oci-mediatypes');
  const annotations = [...attrs].filter(([key]) => annotationAttribute.test(key)).map(annotationOfAttribute);
  for (const ignored of ['attestation-inline', 'oci-artifact', 'buildinfo']) truth(ignored);
  if (ociMediaTypes === false && truth('oci-artifact') === true)
    throw badOutput('exporter option "oci-artifact=true" conflicts with "oci-mediatypes=false"');
  return {
    ...given('annotations', annotations.length === 0 ? undefined : annotations),
    ...given('compression', compression(attrs.get('compression'), ociMediaTypes)),
    ...given('compressionLevel', compressionLevel(attrs.get('compression-level'))),
    ...given('forceCompression', truth('force-compression')),
    ...given('ociMediaTypes', ociMediaTypes),
    ...given('preferNondistLayers', truth('prefer-nondist-layers')),
    ...given('rewriteTimestamp', truth('rewrite-timestamp')),
    ...sourceDateEpoch(attrs),
  };
}

/** @throws {SlipwayError} `CLI_BAD_OUTPUT` */
export function storeAttributes(attrs: ReadonlyMap<string, string>): Omit<ImageOutput, keyof ImageAttributes | 'type' | 'names'> {
  const truth = truthIn(attrs);
  return {
    ...given('push', truth('push')),
    ...given('pushByDigest', truth('push-by-digest')),
    ...given('insecureRegistry', truth('registry.insecure')),
    ...given('store', truth('store')),
    ...given('unpack', truth('unpack')),
    ...given('danglingNamePrefix', attrs.get('dangling-name-prefix')),
    ...given('danglingNameEmptyOnly', truth('danging-name-empty-only')),
    ...given('nameCanonical', truth('name-canonical')),
  };
}

/** An empty value switches the build's time off for this output. @throws {SlipwayError} `CLI_BAD_OUTPUT` */
export function sourceDateEpoch(attrs: ReadonlyMap<string, string>): { readonly sourceDateEpoch?: number | null } {
  const text = attrs.get('source-date-epoch');
  if (text === undefined) return {};
  if (text === '') return { sourceDateEpoch: null };
  if (!/^[+-]?\d{1,15}$/.test(text)) throw badOutput(`invalid source-date-epoch: ${text}`, 'write seconds since 1970-01-01');
  return { sourceDateEpoch: Number(text) };
}

/** A switch by its name; nothing after `=` means yes. @throws {SlipwayError} `CLI_BAD_OUTPUT` */
export function truthIn(attrs: ReadonlyMap<string, string>): (key: string) => boolean | undefined {
  return (key) => {
    const text = attrs.get(key);
    if (text === undefined || text === '') return text === undefined ? undefined : true;
    const parsed = parseTruth(text);
    if (parsed === undefined) throw badOutput(`\`${text}\` is not a value for \`${key}\``, 'write true or false');
    return parsed;
  };
}

function compression(value: string | undefined, ociMediaTypes: boolean | undefined): ImageAttributes['compression'] {
  if (value === undefined || value === 'uncompressed' || value === 'gzip' || value === 'zstd') return value;
  if (value !== 'estargz') throw badOutput(`unsupported compression type ${value}`, 'use gzip, zstd or uncompressed');
  if (ociMediaTypes === false)
    throw badOutput('exporter option "compression=estargz" conflicts with "oci-mediatypes=false"', 'use gzip');
  throw new SlipwayError(
    'CLI_NOT_SUPPORTED',
    '`compression=estargz` is not supported: layers are written for engines that read them whole',
    {
      hint: 'use gzip, zstd or uncompressed',
    },
  );
}

function compressionLevel(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,2}$/.test(value)) throw badOutput(`\`${value}\` is not a compression level`, 'gzip takes 0 to 9, zstd 0 to 22');
  return Number(value);
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

export function badOutput(message: string, hint?: string): SlipwayError {
  return new SlipwayError('CLI_BAD_OUTPUT', message, { hint });
}

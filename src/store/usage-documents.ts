import { type Digest, hexOf } from '../oci/index.ts';
import { shortName } from './describe.ts';
import type { UsageContext, UsageRow } from './usage-row.ts';

/** Manifests with their configs. */
export function documentRows({ store, inventory, meter, cutoffMs }: UsageContext): UsageRow[] {
  const { images, tags, manifests } = inventory;
  const namesOf = new Map<Digest, string[]>();
  for (const { manifest, name } of images) {
    const names = namesOf.get(manifest.digest) ?? [];
    namesOf.set(manifest.digest, names);
    names.push(name === undefined ? 'an image without a name' : shortName(name));
  }
  const tagOf = new Map([...tags].reverse().map((tag) => [tag.digest, tag]));
  return [...manifests.values()].map((manifest) => {
    const names = namesOf.get(manifest.digest) ?? [];
    const tag = tagOf.get(manifest.digest);
    const isInUse = manifest.noted >= cutoffMs;
    const of = names.length > 0 ? names.join(', ') : tag?.name === undefined ? 'an image that was removed' : shortName(tag.name);
    const config = manifest.blobs[0];
    return {
      id: idOfDocuments(manifest.digest),
      place: store.paths.blob(manifest.digest),
      kind: 'documents',
      description: `manifest and config of ${of}`,
      sizeBytes: [manifest.digest, ...(config === undefined ? [] : [config])].reduce(
        (sum, digest: Digest) => sum + meter.add(store.paths.blob(digest)),
        0,
      ),
      images: names,
      isShared: false,
      isReclaimable: names.length === 0 && !isInUse,
      isInUse,
      needsAll: tag !== undefined,
      isMutable: false,
      createdAtMs: manifest.noted,
      usedAtMs: manifest.noted,
      parents: [],
    };
  });
}

/** The id of the row of an image's documents. */
export function idOfDocuments(manifest: Digest): string {
  return hexOf(manifest).slice(0, 32);
}

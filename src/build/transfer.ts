import { parseReference } from '../oci/index.ts';
import { exportStored, pushImage as pushTo, writeLayoutTar } from '../exporter/index.ts';
import type { LoadOptions, ImageSummary, PushOptions, SaveOptions } from './image-options.ts';
import { findImage, summaryOf } from './images.ts';
import { loadArchive } from './load-archive.ts';
import { withSink } from './sink.ts';
import { withEngine } from './with-engine.ts';

/** Write images of the store into one archive that `slipway load`, `docker load` and other tools read. */
export async function saveImages(options: SaveOptions): Promise<void> {
  await withEngine(options, async (engine, signal) => {
    const ports = { store: engine.store, content: engine.content, compressors: engine.compressors, signal };
    const images = [];
    for (const name of options.names) {
      const stored = findImage(engine, name);
      images.push({
        image: await exportStored(stored, { compression: { type: 'gzip' } }, ports),
        names: stored.name === undefined ? [] : [stored.name],
      });
    }
    const content = { images, format: options.format ?? 'docker' };
    await withSink(options.dest, options.stdout, (write) => writeLayoutTar(engine.store, content, write, signal));
  });
}

/** Read images out of an archive or an OCI layout into the store. @throws {SlipwayError} `BUILD_BAD_ARCHIVE` */
export async function loadImages(options: LoadOptions): Promise<readonly ImageSummary[]> {
  return await withEngine(options, async (engine, signal) => {
    const images = await loadArchive(engine, options, signal);
    return images.map((image) => summaryOf(engine, [image]));
  });
}

/** Send an image of the store to the registry that its name says, layers compressed. */
export async function pushImage(options: PushOptions): Promise<{ readonly digest: string }> {
  return await withEngine(options, async (engine, signal) => {
    const stored = findImage(engine, options.name);
    const { store, content, compressors } = engine;
    const image = await exportStored(stored, { compression: { type: 'gzip' } }, { store, content, compressors, signal });
    const reference = parseReference(stored.name ?? options.name);
    const digest = await pushTo(engine.store, await engine.registry(), image, reference, {
      signal,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
    return { digest };
  });
}

import { createReadStream, readFileSync, statSync } from 'node:fs';
import { SlipwayError, toSlipwayError } from '../base/index.ts';
import {
  type Digest,
  type ImageConfig,
  type Manifest,
  mediaTypes,
  printImageConfig,
  printManifest,
  type RunConfig,
} from '../oci/index.ts';
import { ingestTar } from '../source/index.ts';
import { platformOf } from './host-platform.ts';
import type { ImageSummary, ImportOptions } from './image-options.ts';
import { summaryOf } from './images.ts';
import { newName } from './new-name.ts';
import { withEngine } from './with-engine.ts';

/**
 * Make an image of one layer out of a root file system's tar. The blob is kept as it came: the same tar always gives the same image.
 * @throws {SlipwayError} `TAR_…`, `BUILD_BAD_IMPORT`
 */
export async function importImage(options: ImportOptions): Promise<ImageSummary> {
  const name = newName(options.name);
  const config = options.configFile === undefined ? {} : readConfig(options.configFile);
  const platform = platformOf(options.platform);
  return await withEngine(options, async (engine, signal) => {
    const { store } = engine;
    const { layer, blob, diffId } = await ingestTar(store, { source: openTar(options.tar), createdAt: epoch, signal });
    const image: ImageConfig = {
      platform,
      created: epoch,
      config: { Env: [defaultPath], ...config },
      diffIds: [diffId as Digest],
      history: [{ created: epoch, comment: 'imported by slipway' }],
      unknown: {},
    };
    const configDescriptor = store.blobs.put(mediaTypes.ociConfig, printImageConfig(image));
    const manifest: Manifest = { kind: 'manifest', mediaType: mediaTypes.ociManifest, config: configDescriptor, layers: [blob] };
    const descriptor = store.blobs.put(mediaTypes.ociManifest, printManifest(manifest));
    const stored = {
      name,
      manifest: descriptor,
      configDigest: configDescriptor.digest,
      layers: [layer],
      storedAt: new Date().toISOString(),
    };
    store.images.put(stored);
    return summaryOf(engine, [stored]);
  });
}

const epoch = '1970-01-01T00:00:00Z';
const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function openTar(path: string): AsyncIterable<Uint8Array> {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new SlipwayError('BUILD_BAD_IMPORT', `there is no file \`${path}\``, { hint: 'name a tar of a root file system' });
  }
  return createReadStream(path, { highWaterMark: 1 << 20 });
}

function readConfig(path: string): RunConfig {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as RunConfig;
  } catch (cause) {
    throw new SlipwayError('BUILD_BAD_IMPORT', `cannot read the image config \`${path}\`: ${toSlipwayError(cause).message}`, {
      cause,
    });
  }
  throw new SlipwayError('BUILD_BAD_IMPORT', `\`${path}\` is not a JSON object`, {
    hint: 'it holds Env, Cmd, WorkingDir and the like, as in an OCI image config',
  });
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../../../src/index.ts';
import { imageText } from '../../support/image-text.ts';
import { openImage } from '../../support/oci-image.ts';
import { contextsOf, makeContext, recordedImages, secretsOf, titleOf } from '../../support/recorded-images.ts';
import { importBaseImages } from './base-images.ts';
import { needs } from './needs.ts';
import { mountsBelow } from './rootfs.ts';

/**
 * Build every folder of testdata/images whose name starts with one of `areas`, and compare with what BuildKit made of it.
 * A recording is never changed here: see test/peers/recorded-images.test.ts.
 *
 * @param proven features that their recordings prove as a whole
 */
export function testRecordedBuilds(areas: readonly string[], atLeast: number, proven: readonly string[] = []): void {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-recorded-'));
  const engine = { root: join(scratch, 'store') };
  const kernel = needs('root', 'overlayfs', 'oci-runtime');
  const recorded = recordedImages(areas);

  let baseLayer = '';
  beforeAll(async () => {
    baseLayer = await importBaseImages(engine, scratch);
  });
  afterAll(() => {
    expect(mountsBelow(scratch)).toEqual([]);
    rmSync(scratch, { recursive: true, force: true });
  });

  test('the recorded builds are where they should be', () => expect(recorded.length).toBeGreaterThanOrEqual(atLeast));

  test.for(proven)('%s has recordings', (id) => {
    expect(recorded.filter(({ name }) => name.startsWith(`${id}-`)).length).toBeGreaterThan(0);
  });

  for (const each of recorded) {
    kernel.test(titleOf(each), async () => {
      const context = makeContext(each, scratch);
      const { file, ...options } = each.options;
      const dest = join(scratch, `${each.name}.oci`);
      await build({
        ...options,
        context,
        ...(file === undefined ? {} : { file: join(context, file) }),
        contexts: contextsOf(each, context),
        secrets: secretsOf(each, context),
        outputs: [{ type: 'oci', dest, tar: false, compression: 'uncompressed' }],
        engine,
      });
      const image = openImage(dest);
      const added = (image.config.history ?? []).filter(({ created_by: text }) => text !== undefined);
      expect(new Set(added.map(({ comment }) => comment))).toEqual(new Set(added.length === 0 ? [] : ['buildkit.dockerfile.v0']));
      expect(imageText(image, new Set([baseLayer]))).toBe(readFileSync(join(each.folder, 'image.txt'), 'utf8'));
      rmSync(dest, { recursive: true });
    });
  }
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageText } from '../support/image-text.ts';
import { openImage } from '../support/oci-image.ts';
import { makeContext, recordedImages, titleOf } from '../support/recorded-images.ts';
import { type BuildKit, hasBuildKit, noBuildKit, openBuildKit } from './buildkit.ts';

/** `SLIPWAY_RECORD=1` writes what BuildKit makes instead of comparing with it. */
const isRecording = process.env['SLIPWAY_RECORD'] === '1';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-recording-'));
let buildKit: BuildKit | undefined;

beforeAll(async () => {
  if (hasBuildKit) buildKit = await openBuildKit(scratch);
});
afterAll(async () => {
  await buildKit?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

for (const each of recordedImages()) {
  test(`what is recorded of ${titleOf(each)} is what BuildKit makes`, async ({ skip }) => {
    if (buildKit === undefined) return skip(noBuildKit);
    const dest = join(scratch, `${each.name}.tar`);
    await buildKit.build(each, makeContext(each, scratch), dest);
    const made = imageText(openImage(dest), new Set([buildKit.baseLayer]));
    const recording = join(each.folder, 'image.txt');
    if (isRecording) writeFileSync(recording, made);
    else expect(made).toBe(readFileSync(recording, 'utf8'));
  });
}

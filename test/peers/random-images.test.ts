import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, SlipwayError } from '../../src/index.ts';
import { imageText } from '../support/image-text.ts';
import { openImage } from '../support/oci-image.ts';
import { type RandomImage, randomImage, withoutLine } from '../support/random-image.ts';
import { makeContext, type RecordedImage } from '../support/recorded-images.ts';
import { shrink } from '../support/shrink.ts';
import { type BuildKit, hasBuildKit, noBuildKit, openBuildKit } from './buildkit.ts';

const rounds = Number(process.env['SLIPWAY_ROUNDS'] ?? 10);
const firstSeed = Number(process.env['SLIPWAY_SEED'] ?? 1);
/** Where what differs is left, cut down to the instructions that matter: a folder each, as in testdata/images. */
const findings = process.env['SLIPWAY_FINDINGS'] ?? '';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-random-'));
let buildKit: BuildKit | undefined;
let builds = 0;
const counts = { images: 0, refused: 0 };

beforeAll(async () => {
  if (hasBuildKit) buildKit = await openBuildKit(scratch);
});
afterAll(async () => {
  await buildKit?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
  console.log(`${counts.images} images are the same, ${counts.refused} builds were refused by both`);
});

for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
  test(`the random build ${seed} makes what BuildKit makes`, async ({ skip }) => {
    if (buildKit === undefined) return skip(noBuildKit);
    const different = await firstDifference(buildKit, randomImage(seed));
    if (different === undefined) return;
    const least = findings === '' ? different : await smallest(buildKit, different);
    if (findings !== '') cpSync(write(least), join(findings, `random-${seed}`), { recursive: true });
    const { ours, theirs } = await bothBuild(buildKit, least);
    expect(described(ours), [...least.context, '', ...least.dockerfile].join('\n')).toBe(described(theirs));
  });
}

type Outcome = { readonly image: string } | { readonly refused: string; readonly line?: number };

interface Outcomes {
  readonly ours: Outcome;
  readonly theirs: Outcome;
}

/** Reasons for a refusal are told, not compared. */
function described(outcome: Outcome): string {
  return 'image' in outcome ? outcome.image : `refused: ${outcome.refused}`;
}

function areTheSame({ ours, theirs }: Outcomes): boolean {
  if ('refused' in ours || 'refused' in theirs) return 'refused' in ours && 'refused' in theirs;
  return ours.image === theirs.image;
}

/** What both refuse is tried again without the instruction that can't be done. */
async function firstDifference(peer: BuildKit, image: RandomImage): Promise<RandomImage | undefined> {
  for (let tried = image; ; ) {
    const outcomes = await bothBuild(peer, tried);
    if (!areTheSame(outcomes)) return tried;
    const { ours } = outcomes;
    counts['image' in ours ? 'images' : 'refused'] += 1;
    if ('image' in ours || ours.line === undefined) return undefined;
    tried = withoutLine(tried, ours.line);
  }
}

/** The build with the fewest instructions that still comes out in two ways. */
async function smallest(peer: BuildKit, image: RandomImage): Promise<RandomImage> {
  const differs = async (less: RandomImage): Promise<boolean> => !areTheSame(await bothBuild(peer, less));
  const dockerfile = await shrink(image.dockerfile, (fewer) => differs({ ...image, dockerfile: fewer }));
  const context = await shrink(image.context, (fewer) => differs({ dockerfile, context: fewer }));
  return { dockerfile, context };
}

async function bothBuild(peer: BuildKit, image: RandomImage): Promise<Outcomes> {
  const folder = write(image);
  const recorded: RecordedImage = { name: 'random', folder, options: {} };
  const context = makeContext(recorded, scratch);
  const made = (dest: string): Outcome => ({ image: inLayers(imageText(openImage(dest), new Set([peer.baseLayer]))) });
  const [one, other] = [join(folder, 'ours.tar'), join(folder, 'theirs.tar')];
  try {
    const ours = await build({ context, outputs: [{ type: 'oci', dest: one }], engine: peer.engine }).then(
      () => made(one),
      (error: unknown) => {
        if (!(error instanceof SlipwayError)) throw error;
        return { refused: error.message, ...(error.at && { line: error.at.start.line }) };
      },
    );
    const theirs = await peer.build(recorded, context, other).then(
      () => made(other),
      (error: unknown) => ({ refused: String(error) }),
    );
    return { ours, theirs };
  } finally {
    for (const path of [context, one, other]) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * A text of an image without the times of directories. BuildKit copies a time from a directory of a stage that no layer of the
 * stage tells: of `/`, or of a directory of which nothing else has changed. It is gone when the stage comes from its layers.
 */
function inLayers(image: string): string {
  return image.replace(/^( {2}dir .*) @context$/gm, '$1');
}

/** A folder as in testdata/images. */
function write({ dockerfile, context }: RandomImage): string {
  const folder = join(scratch, `build-${builds++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
  writeFileSync(join(folder, 'context.sh'), `${context.join('\n')}\n`);
  return folder;
}

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushImage, tagImage } from '../../src/index.ts';
import { baseConfigs, importBaseImages } from '../kernel/support/base-images.ts';
import { type RegistryServer, startRegistry } from '../kernel/support/docker-registry.ts';
import { succeed } from '../kernel/support/slipway.ts';
import { imageText } from '../support/image-text.ts';
import { openImage } from '../support/oci-image.ts';
import { contextsOf, makeContext, type RecordedImage, recordedImages, secretsOf, titleOf } from '../support/recorded-images.ts';

const peers = process.env['SLIPWAY_PEERS'] ?? '';
const isThere = existsSync(join(peers, 'docker'));
/** `SLIPWAY_RECORD=1` writes what BuildKit makes instead of comparing with it. */
const isRecording = process.env['SLIPWAY_RECORD'] === '1';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-recording-'));
let registry: RegistryServer | undefined;
let baseLayer = '';

beforeAll(async () => {
  if (!isThere) return;
  const engine = { root: join(scratch, 'store') };
  registry = await startRegistry();
  baseLayer = await importBaseImages(engine, scratch);
  for (const name of Object.keys(baseConfigs)) {
    const pushed = `${registry.host}/library/${name}:latest`;
    await tagImage({ source: name, target: pushed, engine });
    await pushImage({ name: pushed, engine });
  }
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

function argsOf(each: RecordedImage, context: string): string[] {
  const { file, target, platform, buildArgs = {}, labels = {}, allow = [] } = each.options;
  const pushed = (name: string): string => `${registry?.host}/library/${name}:latest`;
  const bases = Object.keys(baseConfigs).map((name) => [name, `docker-image://${pushed(name)}`]);
  return [
    ...(file === undefined ? [] : ['-f', join(context, file)]),
    ...(target === undefined ? [] : ['--target', target]),
    ...(platform === undefined ? [] : ['--platform', platform]),
    ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(secretsOf(each, context)).flatMap(([id, { file }]) => ['--secret', `id=${id},src=${file}`]),
    ...allow.flatMap((right) => ['--allow', right]),
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...[...bases, ...Object.entries(contextsOf(each, context, pushed))].flatMap(([name, value]) => [
      '--build-context',
      `${name}=${value}`,
    ]),
  ];
}

for (const each of recordedImages()) {
  test(`what is recorded of ${titleOf(each)} is what BuildKit makes`, async ({ skip }) => {
    if (!isThere) skip(`there is no ${peers}/docker: set SLIPWAY_PEERS`);
    const context = makeContext(each, scratch);
    const dest = join(scratch, `${each.name}.tar`);
    await succeed(join(peers, 'docker'), [
      'buildx',
      'build',
      '--network=host',
      '--provenance=false',
      ...argsOf(each, context),
      '-o',
      `type=oci,dest=${dest}`,
      context,
    ]);
    const made = imageText(openImage(dest), new Set([baseLayer]));
    const recording = join(each.folder, 'image.txt');
    if (isRecording) writeFileSync(recording, made);
    else expect(made).toBe(readFileSync(recording, 'utf8'));
  });
}

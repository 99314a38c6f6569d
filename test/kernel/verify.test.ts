import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest';
import { build, saveImages, verifyBuild, type VerifyBuildOptions, verifyImage } from '../../src/index.ts';
import { Builder } from './support/builder.ts';
import { startRegistry } from './support/docker-registry.ts';
import { needs } from './support/needs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
let layout: string;
beforeAll(async () => {
  builder = await Builder.open();
  layout = join(builder.scratch, 'layout');
  const context = builder.context({ a: 'a\n' });
  const dockerfile = 'FROM base-image\nCOPY a /a\nLABEL x=1';
  const outputs = [
    { type: 'oci', dest: layout, tar: false, names: ['app:1'] },
    { type: 'image', names: ['app:1'] },
  ] as const;
  await build({ dockerfile, context, outputs, engine: builder.engine });
});
afterAll(() => builder[Symbol.dispose]());

function twice(dockerfile: string, more: Partial<VerifyBuildOptions> = {}): ReturnType<typeof verifyBuild> {
  return verifyBuild({ dockerfile, context: builder.context({ a: 'a' }), engine: builder.engine, ...more });
}

kernel.test('verifyBuild() names each file that two builds make different, the step, and what would help', async () => {
  const temporary = mkdtempSync(join(builder.scratch, 'temporary-'));
  vi.stubEnv('TMPDIR', temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  let between = 0;
  const found = await twice(
    'FROM base-image\nRUN cat /proc/sys/kernel/random/uuid > /id; mkdir /d; mktemp /d/XXXXXX; echo same > /same\nCOPY a /a\nCMD ["x"]',
    { reproducible: true, between: () => void (between += 1) },
  );
  expect(found.isReproducible).toBe(false);
  expect(found.digests[0]).not.toBe(found.digests[1]);
  const step = 'RUN cat /proc/sys/kernel/random/uuid > /id; mkdir /d; mktemp /d/XXXXXX; echo same > /same';
  expect(new Set(found.differences.map((each) => each.step))).toEqual(new Set([step]));
  expect(found.differences.map(({ path, what }) => `${path.replace(/^\/d\/.*/, '/d/…')} ${what}`)).toEqual([
    '/d/… missing',
    '/id content',
    '/d/… missing',
  ]);
  expect(found.differences[1]).toMatchObject({
    first: expect.stringMatching(/^sha256:/) as string,
    hint: expect.stringContaining('time, chance') as string,
  });
  expect(between).toBe(1);
  expect(readdirSync(temporary)).toEqual([]);
});

kernel.test('verifyBuild() sees times without --reproducible, and equal images with it', async () => {
  const dockerfile = 'FROM base-image\nRUN echo x > /x\nWORKDIR /w\nCOPY a /app/';
  const plain = await twice(dockerfile);
  expect(plain.differences[0]).toMatchObject({ step: 'RUN echo x > /x', path: '/x', what: 'mtime' });
  expect(plain.differences[0]?.hint).toContain('--reproducible');
  expect(plain.differences.at(-1)).toMatchObject({ what: 'config' });
  expect(await twice(dockerfile, { reproducible: true, image: { compression: 'zstd' } })).toMatchObject({
    isReproducible: true,
    differences: [],
  });
});

kernel.test('verifyImage() finds images in the store, in layouts and in archives whole', async () => {
  const { engine } = builder;
  const archive = join(builder.scratch, 'app.tar');
  await saveImages({ names: ['app:1'], dest: archive, engine });
  for (const image of ['app:1', layout, archive]) {
    const found = await verifyImage({ image, engine });
    expect(found.problems).toEqual([]);
    expect(found.digests).toHaveLength(1);
  }
});

kernel.test('verifyImage() refuses an image of which any blob was changed, cut or removed', async () => {
  const blobs = readdirSync(join(layout, 'blobs/sha256'));
  expect(blobs.length).toBeGreaterThan(3);
  for (const blob of blobs) {
    for (const damage of ['changed', 'longer', 'gone'] as const) {
      const copy = mkdtempSync(join(builder.scratch, 'damaged-'));
      cpSync(layout, copy, { recursive: true });
      const path = join(copy, 'blobs/sha256', blob);
      if (damage === 'gone') rmSync(path);
      else if (damage === 'longer') appendFileSync(path, 'x');
      else {
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      }
      const { problems } = await verifyImage({ image: copy, engine: builder.engine });
      expect(problems.map(({ at }) => at)).toEqual([`sha256:${blob}`]);
      const words = { changed: 'its bytes have the digest', longer: 'bytes, its descriptor says', gone: 'it is missing' };
      expect(problems[0]?.message).toContain(words[damage]);
    }
  }
});

kernel.test('verifyImage() notices documents that speak of different images', async () => {
  const other = mkdtempSync(join(builder.scratch, 'other-'));
  await build({
    dockerfile: 'FROM base-image\nCOPY a /b',
    context: builder.context({ a: 'another' }),
    outputs: [{ type: 'oci', dest: other, tar: false }],
    engine: builder.engine,
  });
  const mixed = mkdtempSync(join(builder.scratch, 'mixed-'));
  for (const from of [layout, other]) cpSync(from, mixed, { recursive: true });
  const manifestOf = (at: string): { config: object; layers: object[] } => {
    const index = JSON.parse(readFileSync(join(at, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    return JSON.parse(readFileSync(join(at, 'blobs', index.manifests[0]?.digest.replace(':', '/') ?? ''), 'utf8')) as ReturnType<
      typeof manifestOf
    >;
  };
  const text = JSON.stringify({ ...manifestOf(layout), layers: manifestOf(other).layers });
  const { createHash } = await import('node:crypto');
  const hex = createHash('sha256').update(text).digest('hex');
  writeFileSync(join(mixed, 'blobs/sha256', hex), text);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifests = [{ mediaType, digest: `sha256:${hex}`, size: text.length }];
  writeFileSync(join(mixed, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const { problems } = await verifyImage({ image: mixed, engine: builder.engine });
  expect(problems).toMatchObject([{ message: expect.stringContaining('but the config calls it') as string }]);
});

needs('root', 'registry').test(
  'verifyImage() reads an image from its registry, and leaves nothing of it in the store',
  async () => {
    await using registry = await startRegistry();
    const name = `${registry.host}/team/app:1`;
    await build({
      dockerfile: 'FROM base-image\nLABEL y=1',
      context: builder.context(),
      outputs: [{ type: 'image', names: [name], push: true }],
      engine: builder.engine,
    });
    const engine = { root: join(builder.scratch, 'other-store') };
    expect((await verifyImage({ image: name, engine })).problems).toEqual([]);
    expect(readdirSync(join(engine.root, 'blobs/sha256'))).toEqual([]);
  },
);

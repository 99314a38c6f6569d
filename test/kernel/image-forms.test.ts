import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  build,
  type BuildResult,
  type ImageOutput,
  importImage,
  type LayoutOutput,
  listImages,
  loadImages,
  pullImage,
} from '../../src/index.ts';
import { parseOutput } from '../../src/cli/flags/output.ts';
import { openImage } from '../support/oci-image.ts';
import { Builder } from './support/builder.ts';
import { startRegistry } from './support/docker-registry.ts';
import { needs } from './support/needs.ts';
import { succeed } from './support/slipway.ts';

const kernel = needs('root', 'zstd');
const oci = 'application/vnd.oci.image';
let builder: Builder;
let context: string;
/** An image whose layers came compressed with gzip. */
let base: string;

/** No RUN: these tests are about how layers are written. */
const dockerfile = (from: string): string => `FROM ${from}\nCOPY a /app/\nCOPY big /big\nLABEL l=1`;

beforeAll(async () => {
  builder = await Builder.open();
  context = builder.context({ a: 'a\n', big: 'a line that repeats itself\n'.repeat(300_000) });
  const archive = join(builder.scratch, 'base.tar');
  await build({
    dockerfile: 'FROM base-image',
    context,
    outputs: [{ type: 'oci', dest: archive, names: ['gzip-base'] }],
    engine: builder.engine,
  });
  await loadImages({ source: archive, engine: otherStore('with-base') });
  base = 'gzip-base';
});
afterAll(() => builder[Symbol.dispose]());

/** Another store, in which nothing was compressed yet. */
function otherStore(name: string): { readonly root: string } {
  return { root: join(builder.scratch, name) };
}

function fresh(): { readonly root: string } {
  return { root: mkdtempSync(join(tmpdir(), `${builder.scratch.split('/').at(-1)}-`)) };
}

async function written(
  output: Partial<LayoutOutput>,
): Promise<BuildResult & { image: ReturnType<typeof openImage>; dest: string }> {
  const dest = mkdtempSync(join(builder.scratch, 'layout-'));
  const outputs = [{ type: 'oci', dest, tar: false, ...output } as const];
  const result = await build({ dockerfile: dockerfile(base), context, outputs, engine: otherStore('with-base') });
  return { ...result, dest, image: openImage(dest) };
}

const typesOf = (image: ReturnType<typeof openImage>): string[] => image.manifest.layers.map(({ mediaType }) => mediaType);

kernel.test(
  'layers that the build added have the compression that was asked for, those of the base the one they came with',
  async () => {
    const ids = new Set<string | undefined>();
    for (const [compression, suffix] of [
      ['zstd', '+zstd'],
      ['uncompressed', ''],
      ['gzip', '+gzip'],
    ] as const) {
      const { image, imageId } = await written({ compression });
      expect(typesOf(image)).toEqual(['+gzip', suffix, suffix].map((each) => `${oci}.layer.v1.tar${each}`));
      expect(image.file('/app/a')?.toString()).toBe('a\n'); // every layer is checked against its diff ID
      expect(image.file('/big')).toHaveLength(300_000 * 27);
      ids.add(imageId);
    }
    expect(ids.size).toBe(1);
  },
);

kernel.test('IMG-17 levels make other bytes, and force-compression converts the layers of the base', async () => {
  const sizes = [];
  for (const compressionLevel of [1, 9]) {
    const { image } = await written({ compression: 'gzip', compressionLevel });
    sizes.push(image.manifest.layers[2]?.size);
  }
  expect(sizes[0]).toBeGreaterThan(sizes[1] ?? 0);
  const kept = await written({ compression: 'zstd', compressionLevel: 19 });
  const forced = await written({ compression: 'zstd', compressionLevel: 19, forceCompression: true });
  expect(typesOf(forced.image)).toEqual(Array(3).fill(`${oci}.layer.v1.tar+zstd`));
  expect(forced.imageId).toBe(kept.imageId);
  expect(forced.image.manifest.layers.slice(1)).toEqual(kept.image.manifest.layers.slice(1));
  expect(() => parseOutput('type=oci,dest=x,compression=estargz,oci-mediatypes=false', () => [])).toThrow(
    'exporter option "compression=estargz" conflicts with "oci-mediatypes=false"',
  );
});

kernel.test('a layer is compressed once, whatever else is asked for in between', async () => {
  const first = await written({ compression: 'zstd' });
  const store = otherStore('with-base').root;
  const inodeOf = (digest: string): number =>
    Number(execFileSync('stat', ['-c', '%i', join(store, 'blobs', digest.replace(':', '/'))], { encoding: 'utf8' }));
  const layers = first.image.manifest.layers.map(({ digest }) => [digest, inodeOf(digest)]);
  await written({ compression: 'gzip' });
  const again = await written({ compression: 'zstd' });
  expect(again.image.manifest.layers.map(({ digest }) => [digest, inodeOf(digest)])).toEqual(layers);
});

kernel.test("IMG-18 oci-mediatypes=false gives Docker's media types", async () => {
  const { image, dest, descriptor } = await written({ ociMediaTypes: false, compression: 'zstd' });
  const docker = 'application/vnd.docker';
  expect(image.manifest).toMatchObject({
    mediaType: `${docker}.distribution.manifest.v2+json`,
    config: { mediaType: `${docker}.container.image.v1+json` },
    layers: ['gzip', 'zstd', 'zstd'].map((each) => ({ mediaType: `${docker}.image.rootfs.diff.tar.${each}` })),
  });
  const index = JSON.parse(readFileSync(join(dest, 'index.json'), 'utf8')) as { mediaType: string; manifests: object[] };
  expect(index).toMatchObject({ mediaType: `${oci}.index.v1+json`, manifests: [{ mediaType: image.manifest.mediaType }] });
  expect(descriptor?.mediaType).toBe(image.manifest.mediaType);
});

kernel.test(
  'IMG-20 annotations of the manifest and of its descriptor are where they belong, those of an index are refused',
  async () => {
    const annotations = [
      { level: 'manifest', key: 'org.example.b', value: '1' },
      { level: 'manifest', platform: 'linux', key: 'a', value: 'é "=,' },
      { level: 'manifest-descriptor', key: 'd', value: '2' },
    ] as const;
    const { dest, image, descriptor } = await written({ annotations, names: ['app:1'] });
    expect(image.manifest).toMatchObject({ annotations: { a: 'é "=,', 'org.example.b': '1' } });
    const index = JSON.parse(readFileSync(join(dest, 'index.json'), 'utf8')) as { manifests: { annotations: object }[] };
    expect(index.manifests[0]?.annotations).toMatchObject({ d: '2', 'org.opencontainers.image.ref.name': '1' });
    expect(descriptor?.annotations).toMatchObject({ d: '2' });
    for (const level of ['index', 'index-descriptor'] as const) {
      await expect(written({ annotations: [{ level, key: 'k', value: 'v' }] })).rejects.toMatchObject({
        code: 'BUILD_BAD_OUTPUT',
        message: 'index annotations not supported for single platform export',
      });
    }
    await expect(written({ ociMediaTypes: false, annotations: [annotations[2]] })).rejects.toThrow(
      'cannot export annotations with "oci-mediatypes=false"',
    );
    await expect(written({ annotations: [{ ...annotations[0], platform: 'linux/s390x' }] })).rejects.toThrow(
      'invalid annotation: no platform linux/s390x found in source',
    );
  },
);

kernel.test('names with the digest, and no name at all, go into the store as they were asked for', async () => {
  const engine = fresh();
  await importImage({ tar: join(builder.scratch, 'rootfs.tar'), name: 'base-image', engine });
  const to = (output: Partial<ImageOutput>): Promise<BuildResult> =>
    build({ dockerfile: 'FROM base-image\nLABEL x=1', outputs: [{ type: 'image', ...output }], context, engine });
  const names = async (): Promise<string[]> => (await listImages({ engine })).flatMap((image) => image.names).sort();
  const { manifestDigest } = await to({ names: ['gone'], store: false });
  expect(await names()).toEqual(['base-image:latest']);
  await to({ names: ['a:1'], nameCanonical: true });
  await to({ names: [], danglingNamePrefix: 'dangling' });
  await to({ names: ['b'], danglingNamePrefix: 'not', danglingNameEmptyOnly: true, unpack: true });
  expect(await names()).toEqual(
    [`a:1`, `a:1@${manifestDigest}`, 'b:latest', 'base-image:latest', `dangling@${manifestDigest}`].sort(),
  );
  await expect(to({ names: ['c'], unpack: true, rewriteTimestamp: true })).rejects.toThrow(
    'exporter option "rewrite-timestamp" conflicts with "unpack"',
  );
});

needs('root', 'registry', 'zstd').test('EXP-09 push-by-digest tags nothing, and a push without a name is refused', async () => {
  await using registry = await startRegistry();
  const engine = builder.engine;
  const push = (output: Partial<ImageOutput>): Promise<BuildResult> =>
    build({
      dockerfile: dockerfile('base-image'),
      context,
      outputs: [{ type: 'image', push: true, compression: 'zstd', ...output }],
      engine,
    });
  const repository = `${registry.host}/team/app`;
  const { manifestDigest } = await push({ names: [repository], pushByDigest: true, store: false });
  const tags = await fetch(`http://${registry.host}/v2/team/app/tags/list`);
  expect(((await tags.json()) as { tags?: string[] | null }).tags ?? []).toEqual([]);
  const pulled = await pullImage({ name: `${repository}@${manifestDigest}`, engine: fresh() }).catch((error: unknown) => error);
  expect(pulled).toBeDefined();
  const manifest = await fetch(`http://${registry.host}/v2/team/app/manifests/${manifestDigest}`, {
    headers: { accept: `${oci}.manifest.v1+json` },
  });
  expect(await manifest.json()).toMatchObject({
    layers: [{}, { mediaType: `${oci}.layer.v1.tar+zstd` }, { mediaType: `${oci}.layer.v1.tar+zstd` }],
  });
  await expect(push({ names: [] })).rejects.toThrow('tag is needed when pushing to registry');
  await expect(push({ names: [`${repository}:1`], pushByDigest: true })).rejects.toThrow(
    `can't push tagged ref ${repository}:1 by digest`,
  );
});

kernel.test('mode=delete never removes the build context, nor the root', async () => {
  for (const dest of [context, builder.scratch, '/']) {
    await expect(
      build({
        dockerfile: 'FROM base-image',
        context,
        outputs: [{ type: 'local', dest, mode: 'delete' }],
        engine: builder.engine,
      }),
    ).rejects.toMatchObject({ code: 'BUILD_BAD_OUTPUT' });
  }
  expect(existsSync(join(context, 'a'))).toBe(true);
  const dest = join(builder.scratch, 'mirror');
  mkdirSync(dest);
  writeFileSync(join(dest, 'stale'), '');
  await build({
    dockerfile: 'FROM scratch\nCOPY a /',
    context,
    outputs: [{ type: 'local', dest, mode: 'delete' }],
    engine: builder.engine,
  });
  expect([existsSync(join(dest, 'stale')), existsSync(join(dest, 'a'))]).toEqual([false, true]);
});

needs('root', 'skopeo').test('other tools read layers of several zstd frames', async () => {
  const { dest } = await written({ compression: 'zstd', names: ['app:1'] });
  await succeed('skopeo', ['copy', '-q', '--dest-decompress', `oci:${dest}:1`, `dir:${dest}-plain`]);
  const sizes = readdirSync(`${dest}-plain`).map((name) => statSync(join(`${dest}-plain`, name)).size);
  expect(Math.max(...sizes)).toBeGreaterThan(300_000 * 27);
});

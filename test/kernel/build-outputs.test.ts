import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  build,
  listImages,
  loadImages,
  type Output,
  pullImage,
  pushImage,
  removeImages,
  saveImages,
  tagImage,
} from '../../src/index.ts';
import { openImage } from '../support/oci-image.ts';
import { readTar } from '../support/read-tar.ts';
import { Builder } from './support/builder.ts';
import { startRegistry } from './support/docker-registry.ts';
import { needs } from './support/needs.ts';
import { succeed } from './support/slipway.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
/** The image of all these tests; its layers are made once. */
const dockerfile = `FROM base-image
RUN mkdir -p /d/e && echo x > /d/e/f && ln /d/e/f /d/h && ln -s e /d/l && chown 5:6 /d/e && chmod 4711 /d/e/f && mkfifo /d/p && mknod /d/null c 1 3 && rm /etc/group
COPY a /app/
ENV A=1
CMD ["cat", "/app/a"]`;
let context: string;
beforeAll(async () => {
  builder = await Builder.open();
  context = builder.context({ a: 'a\n' });
});
afterAll(() => builder[Symbol.dispose]());

async function export_(...outputs: readonly Output[]): Promise<Awaited<ReturnType<typeof build>>> {
  return await build({ dockerfile, context, outputs, engine: builder.engine });
}

function path(name: string): string {
  return join(builder.scratch, name);
}

/** A store with nothing in it. */
function otherStore(): { readonly root: string } {
  return { root: mkdtempSync(join(tmpdir(), `${builder.scratch.split('/').at(-1)}-`)) };
}

kernel.test('EXP-01 type=local writes the files, with modes, links and pipes, and no device', async () => {
  const dest = path('local');
  mkdirSync(join(dest, 'd'), { recursive: true });
  writeFileSync(join(dest, 'd/kept'), 'kept');
  writeFileSync(join(dest, 'd/h'), 'replaced');
  await export_({ type: 'local', dest });
  expect(readdirSync(join(dest, 'd')).sort()).toEqual(['e', 'h', 'kept', 'l', 'p']);
  expect(readFileSync(join(dest, 'd/h'), 'utf8')).toBe('x\n');
  expect(readlinkSync(join(dest, 'd/l'))).toBe('e');
  const file = lstatSync(join(dest, 'd/e/f'));
  expect({ mode: file.mode & 0o7777, uid: file.uid, nlink: file.nlink }).toEqual({
    mode: 0o4711,
    uid: process.getuid?.(),
    nlink: 2,
  });
  expect(lstatSync(join(dest, 'd/p')).isFIFO()).toBe(true);
  expect(readdirSync(join(dest, 'etc'))).toEqual(['passwd']);
});

kernel.test('EXP-04 type=tar writes the files with owners and devices, to a file and as a stream', async () => {
  const stdout = new PassThrough();
  const [, streamed] = await Promise.all([
    build({ dockerfile, context, outputs: [{ type: 'tar', dest: '-' }], stdout, engine: builder.engine }).finally(() =>
      stdout.end(),
    ),
    buffer(stdout),
  ]);
  await export_({ type: 'tar', dest: path('files.tar') });
  expect(streamed.equals(readFileSync(path('files.tar')))).toBe(true);
  const entries = [...readTar(streamed)].filter((entry) => /^(?:d|app|etc)(?:\/|$)/.test(entry.path));
  expect(
    entries.map(({ type, mode, uid, gid, path: name, linkName, device }) =>
      `${type} ${mode.toString(8)} ${uid}:${gid} ${name} ${linkName}${device}`.trim(),
    ),
  ).toEqual([
    'dir 755 0:0 app',
    'file 644 0:0 app/a',
    'dir 755 0:0 d',
    'dir 755 5:6 d/e',
    'file 4711 0:0 d/e/f',
    'hardlink 4711 0:0 d/h d/e/f',
    'symlink 777 0:0 d/l e',
    'char 644 0:0 d/null 1,3',
    'fifo 644 0:0 d/p',
    'dir 755 0:0 etc',
    'file 644 0:0 etc/passwd',
  ]);
});

kernel.test('EXP-05 EXP-07 type=oci is a layout, as a tar and as a directory, with the names in index.json', async () => {
  const names = ['example.test/team/app:1.0', 'app'];
  await export_({ type: 'oci', dest: path('oci.tar'), names });
  await export_({ type: 'oci', dest: path('oci-directory'), tar: false, names });
  const entries = [...readTar(readFileSync(path('oci.tar')))];
  expect(entries.map((entry) => entry.path).slice(0, 2)).toEqual(['blobs', 'blobs/sha256']);
  expect(entries.map((entry) => entry.path).slice(-2)).toEqual(['index.json', 'oci-layout']);
  expect(new Set(entries.map(({ uid, gid, mtimeSec }) => `${uid}:${gid} ${mtimeSec}`))).toEqual(new Set(['0:0 0']));
  const index = JSON.parse(readFileSync(path('oci-directory/index.json'), 'utf8')) as {
    manifests: { annotations: Record<string, string> }[];
  };
  expect(
    index.manifests.map(({ annotations }) => [
      annotations['io.containerd.image.name'],
      annotations['org.opencontainers.image.ref.name'],
    ]),
  ).toEqual([
    ['example.test/team/app:1.0', '1.0'],
    ['docker.io/library/app:latest', 'latest'],
  ]);
  expect(openImage(path('oci.tar')).manifestDigest).toBe(openImage(path('oci-directory')).manifestDigest);
  expect(openImage(path('oci.tar')).manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
    Array(3).fill('application/vnd.oci.image.layer.v1.tar+gzip'),
  );
});

kernel.test('EXP-06 type=docker names config and layers in manifest.json', async () => {
  const result = await export_({ type: 'docker', dest: path('docker.tar'), names: ['app:1', 'example.test/app'] });
  const files = new Map(
    [...readTar(readFileSync(path('docker.tar')))].map((entry) => [entry.path, Buffer.from(entry.data).toString()]),
  );
  const [manifest] = JSON.parse(files.get('manifest.json') ?? '') as [{ Config: string; RepoTags: string[]; Layers: string[] }];
  expect(manifest.RepoTags).toEqual(['app:1', 'example.test/app:latest']);
  expect(manifest.Config).toBe(`blobs/${result.imageId?.replace(':', '/')}`);
  expect(manifest.Layers.every((layer) => files.has(layer))).toBe(true);
  expect(manifest.Layers).toHaveLength(3);
});

kernel.test('EXP-10 EXP-11 several outputs at once are one image; cacheonly writes nothing', async () => {
  const none = await export_({ type: 'cacheonly' });
  expect(none.imageId).toBeUndefined();
  const result = await export_(
    { type: 'oci', dest: path('several.tar') },
    { type: 'docker', dest: path('several-docker'), tar: false, compression: 'uncompressed' },
    { type: 'local', dest: path('several') },
    { type: 'image', names: ['several'] },
  );
  expect(openImage(path('several.tar')).configDigest).toBe(result.imageId);
  expect(openImage(path('several-docker')).configDigest).toBe(result.imageId);
  expect(readFileSync(path('several/app/a'), 'utf8')).toBe('a\n');
  expect((await listImages({ engine: builder.engine })).find(({ names }) => names.includes('several:latest'))?.imageId).toBe(
    result.imageId,
  );
});

kernel.test('EXP-15 an output that fails leaves no half of it', async () => {
  writeFileSync(path('in-the-way'), '');
  await expect(export_({ type: 'oci', dest: path('in-the-way/image.tar') })).rejects.toMatchObject({ name: 'SlipwayError' });
  mkdirSync(path('blocked/d/h'), { recursive: true });
  await expect(export_({ type: 'local', dest: path('blocked') })).rejects.toMatchObject({ code: 'EXPORT_IN_THE_WAY' });
});

kernel.test('save and load keep the image ID, whatever the form', async () => {
  const { engine } = builder;
  const { imageId } = await export_({ type: 'image', names: ['kept:1', 'kept:2'] });
  for (const format of ['docker', 'oci'] as const) {
    const archive = path(`saved-${format}.tar`);
    await saveImages({ names: ['kept:1'], dest: archive, format, engine });
    const fresh = otherStore();
    const loaded = await loadImages({ source: archive, engine: fresh });
    expect(loaded.map((image) => [image.names, image.imageId])).toEqual([[['kept:1'], imageId]]);
    await saveImages({ names: ['kept:1'], dest: path('again.tar'), format, engine: fresh });
    expect(openImage(path('again.tar')).manifestDigest).toBe(openImage(archive).manifestDigest);
    const child = await build({ dockerfile: 'FROM kept:1\nRUN cat /d/h', context, engine: fresh });
    expect(child.steps.ran).toBe(1);
  }
});

needs('root', 'overlayfs', 'oci-runtime', 'registry').test(
  'EXP-08 what is pushed and pulled by a fresh store is the same image',
  async () => {
    await using registry = await startRegistry();
    const { engine } = builder;
    const name = `${registry.host}/team/app:1`;
    const built = await export_({ type: 'image', names: [name], push: true });
    await tagImage({ source: name, target: `${registry.host}/team/app:2`, engine });
    const again = await pushImage({ name: `${registry.host}/team/app:2`, engine });
    const fresh = otherStore();
    const pulled = await pullImage({ name, engine: fresh });
    expect(pulled.imageId).toBe(built.imageId);
    await pullImage({ name: `${registry.host}/team/app:2`, engine: fresh });
    expect(await listImages({ engine: fresh })).toMatchObject([
      { imageId: built.imageId, names: expect.arrayContaining([name, `${registry.host}/team/app:2`]) as string[] },
    ]);
    expect(again).toBeDefined();
    const child = await build({
      dockerfile: `FROM ${name}\nRUN cat /app/a > /copy && test ! -e /etc/group && test /d/h -ef /d/e/f`,
      context,
      outputs: [{ type: 'cacheonly' }],
      engine: fresh,
    });
    expect(child.steps.ran).toBe(1);
    await removeImages({ names: [name], engine: fresh });
    expect(await listImages({ engine: fresh })).toMatchObject([{ names: [`${registry.host}/team/app:2`] }]);
  },
);

needs('root', 'overlayfs', 'oci-runtime', 'skopeo', 'umoci').test(
  'other tools read every form, and the store itself',
  async () => {
    const result = await export_(
      { type: 'oci', dest: path('tools.tar'), names: ['tools:1'] },
      { type: 'docker', dest: path('tools-docker.tar'), names: ['tools:1'] },
      { type: 'oci', dest: path('tools-directory'), tar: false, names: ['tools:1'] },
      { type: 'image', names: ['tools:1'] },
    );
    const forms = [
      `oci-archive:${path('tools.tar')}`,
      `docker-archive:${path('tools-docker.tar')}`,
      `oci:${path('tools-directory')}:1`,
      `oci:${builder.engine.root}:tools:1`,
    ];
    for (const [at, form] of forms.entries()) {
      const config = JSON.parse(await succeed('skopeo', ['inspect', '--config', form])) as { config: { Cmd: string[] } };
      expect(config.config.Cmd).toEqual(['cat', '/app/a']);
      await succeed('skopeo', ['copy', '-q', form, `oci:${path('copied')}:image${at}`]);
    }
    const index = JSON.parse(readFileSync(path('copied/index.json'), 'utf8')) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    // From a docker archive skopeo makes a config of its own.
    const fromOci = index.manifests.filter(({ annotations }) => annotations['org.opencontainers.image.ref.name'] !== 'image1');
    expect(fromOci).toHaveLength(3);
    const configs = fromOci.map(
      ({ digest }) =>
        (JSON.parse(readFileSync(path(`copied/blobs/${digest.replace(':', '/')}`), 'utf8')) as { config: { digest: string } })
          .config.digest,
    );
    expect(new Set(configs)).toEqual(new Set([result.imageId]));
    for (const image of [`${path('tools-directory')}:1`, `${builder.engine.root}:tools:1`]) {
      const bundle = path(`bundle-${image.length}`);
      await succeed('umoci', ['unpack', '--image', image, bundle]);
      expect(lstatSync(join(bundle, 'rootfs/d/e/f')).nlink).toBe(2);
      expect(readdirSync(join(bundle, 'rootfs/etc'))).toEqual(['passwd']);
    }
  },
);

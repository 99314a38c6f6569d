import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest';
import {
  build,
  type BuildOptions,
  type ImageVerification,
  saveImages,
  verifyBuild,
  type VerifyBuildOptions,
  verifyImage,
  type VerifyImageOptions,
} from '../../src/index.ts';
import { unsettle } from '../../src/cli/unsettle.ts';
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
    {
      reproducible: true,
      between: () => {
        between += 1;
        return undefined;
      },
    },
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

kernel.test('verifyBuild() gives the same image in another directory, from relative paths and from an archive', async () => {
  const context = builder.context({
    'in/a': 'a',
    'in/Dockerfile': 'FROM scratch\nCOPY --from=more b /b\nCOPY a /a',
    'more/b': 'b',
  });
  const more = { reproducible: true, between: unsettle, engine: builder.engine };
  const cwd = process.cwd();
  process.chdir(context);
  onTestFinished(() => process.chdir(cwd));
  const found = await verifyBuild({ context: 'in', file: 'in/Dockerfile', contexts: { more: 'more' }, ...more });
  expect(found.differences).toEqual([]);
  const tar = execFileSync('tar', ['-C', 'in', '-c', 'a', 'Dockerfile']);
  const again = await verifyBuild({ contextTar: Readable.from([tar]), contexts: { more: 'more' }, ...more });
  expect(again.digests[0]).toBe(found.digests[0]);
  expect(again.isReproducible).toBe(true);
});

/** Build a reproducible image; it goes by `name`. */
async function builtAs(name: string, dockerfile: string, more: Partial<BuildOptions> = {}): Promise<string> {
  const context = builder.context({ 'src/a': 'a\n', 'src/b': 'b\n' });
  const outputs = [{ type: 'image', names: [name] }] as const;
  await build({ dockerfile, context, outputs, reproducible: true, engine: builder.engine, ...more });
  return context;
}

function doneAgain(image: string, more: Partial<VerifyImageOptions> = {}): Promise<ImageVerification> {
  return verifyImage({ image, rebuild: true, engine: builder.engine, ...more });
}

kernel.test('verifyImage() does the build of an image again: stages, bases of the store, secrets, times', async () => {
  const secrets = { token: { value: 'abc' } };
  await builtAs('own-base:1', 'FROM base-image\nRUN echo base > /base');
  const dockerfile = `FROM own-base:1 AS made
COPY src /src
RUN --mount=type=secret,id=token,required=true wc -c < /run/secrets/token > /size
FROM base-image
WORKDIR /app
COPY --from=made /size /app/
RUN --mount=type=bind,source=src,target=/m cat /m/a > /app/bound`;
  await builtAs('again:1', dockerfile, { secrets });
  const found = await doneAgain('again:1', { secrets, between: unsettle });
  expect(found).toMatchObject({ problems: [], rebuild: { kind: 'rebuilt', changedSteps: [], differences: [] } });
  const archive = join(builder.scratch, 'again.tar');
  await saveImages({ names: ['again:1'], dest: archive, engine: builder.engine });
  expect((await doneAgain(archive, { secrets })).rebuild).toEqual(found.rebuild);
  await expect(doneAgain('again:1')).rejects.toMatchObject({ message: expect.stringContaining('token') as string });
  expect(readdirSync(join(builder.engine.root, 'ingest'))).toEqual([]);
});

kernel.test('verifyImage() says which files are not the same again, and which steps now take something else', async () => {
  const dockerfile = `FROM base-image
COPY src/a /a
RUN --mount=type=bind,source=src,target=/m cat /m/b > /b
COPY src/a /c
RUN cat /proc/sys/kernel/random/uuid > /id`;
  const context = await builtAs('chance:1', dockerfile);
  const { rebuild } = await doneAgain('chance:1');
  const step = 'RUN cat /proc/sys/kernel/random/uuid > /id';
  expect(rebuild).toMatchObject({ changedSteps: [], differences: [{ step, path: '/id', what: 'content' }] });
  expect(rebuild).toHaveProperty('differences[0].hint');

  writeFileSync(join(context, 'src/b'), 'longer\n');
  const { rebuild: changed } = await doneAgain('chance:1');
  expect(changed).toMatchObject({
    changedSteps: [expect.stringContaining('RUN --mount=type=bind,source=src,target=/m') as string],
    differences: [{ path: '/b', what: 'size', first: '2 bytes', second: '7 bytes' }, { path: '/id' }],
  });
  expect(changed).not.toHaveProperty('differences[0].hint');
});

kernel.test('verifyImage() does the right one of several targets again, and says why an image cannot be made again', async () => {
  const context = await builtAs('none:1', 'FROM scratch AS empty\nLABEL x=1\nFROM base-image AS full\nCOPY src /src', {
    target: ['empty', 'full'],
    outputs: [
      { type: 'image', names: ['empty:1'], target: 'empty' },
      { type: 'image', names: ['full:1'], target: 'full' },
    ],
  });
  for (const image of ['empty:1', 'full:1'])
    expect((await doneAgain(image)).rebuild).toMatchObject({ kind: 'rebuilt', differences: [] });
  rmSync(context, { recursive: true });
  const whyNot = async (image: string): Promise<unknown> => (await doneAgain(image)).rebuild;
  expect(await whyNot('full:1')).toEqual({ kind: 'not-rebuilt', why: `the context \`${context}\` is not there any more` });
  expect(await whyNot('base-image')).toEqual({ kind: 'not-rebuilt', why: 'the history has no build that gave it' });
  expect(await verifyImage({ image: 'full:1', engine: builder.engine })).not.toHaveProperty('rebuild');
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

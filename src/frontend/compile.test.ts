import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlipwayError } from '../base/index.ts';
import { parseDockerfile } from '../dockerfile/index.ts';
import { compileTargets } from './compile.ts';
import { compileText, lastEnv, vertices } from './compile-text.ts';
import { createFakeImages } from './fake-images.ts';
import { listStages } from './stages.ts';

const arm64 = { os: 'linux', architecture: 'arm64' } as const;

interface ScopeRow {
  readonly name: string;
  readonly text: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const scopes: readonly ScopeRow[] = [
  {
    name: "DF-ARG-04 a parent's ENV comes back over its ARG of the same name",
    text: 'FROM alpine:3.20 AS a\nENV X=e\nARG X=a\nFROM a\nRUN x',
    env: { X: 'e' },
  },
  {
    name: 'DF-ARG-01 a global ARG is not seen without redeclaring it',
    text: 'ARG X=g\nFROM alpine:3.20\nRUN x',
    env: { X: undefined },
  },
  { name: 'DF-ARG-01 ARG X takes the global value', text: 'ARG X=g\nFROM alpine:3.20\nARG X\nRUN x', env: { X: 'g' } },
  {
    name: "DF-ARG-02 a stage's default hides the global one",
    text: 'ARG X=g\nFROM alpine:3.20\nARG X=s\nRUN x',
    env: { X: 's' },
  },
  {
    name: 'DF-ARG-02 a build arg beats a stage default',
    text: 'ARG X=g\nFROM alpine:3.20\nARG X=s\nRUN x',
    buildArgs: { X: 'b' },
    env: { X: 'b' },
  },
  {
    name: 'DF-ARG-02 a build arg beats a global default',
    text: 'ARG X=g\nFROM alpine:3.20\nARG X\nRUN x',
    buildArgs: { X: 'b' },
    env: { X: 'b' },
  },
  {
    name: 'DF-ARG-03 an empty build arg sets the empty string',
    text: 'FROM alpine:3.20\nARG X=s\nARG Y=${X-unset}\nRUN x',
    buildArgs: { X: '' },
    env: { X: '', Y: '' },
  },
  {
    name: 'DF-ARG-03 an ARG without any value is unset',
    text: 'FROM alpine:3.20\nARG X\nARG Y=${X-unset}\nRUN x',
    env: { X: undefined, Y: 'unset' },
  },
  {
    name: 'DF-ARG-04 an ARG is inherited through FROM stage',
    text: 'FROM alpine:3.20 AS a\nARG X=1\nFROM a\nRUN x',
    env: { X: '1' },
  },
  { name: 'DF-ARG-05 ENV after ARG wins', text: 'FROM alpine:3.20\nARG X=a\nENV X=e\nRUN x', env: { X: 'e' } },
  { name: 'DF-ARG-05 ARG after ENV wins from there', text: 'FROM alpine:3.20\nENV X=e\nARG X=a\nRUN x', env: { X: 'a' } },
  {
    name: 'DF-ARG-05 ARG after an inherited ENV wins',
    text: 'FROM alpine:3.20 AS a\nENV X=e\nFROM a\nARG X=a\nRUN x',
    env: { X: 'a' },
  },
  {
    name: 'DF-ARG-06 several keys in one ARG see those before',
    text: 'FROM alpine:3.20\nARG a=1 b=$a\nRUN x',
    env: { a: '1', b: '1' },
  },
  {
    name: 'DF-ARG-06 a default that is not used may be wrong',
    text: 'FROM alpine:3.20\nARG a=${no:?message}\nRUN x',
    buildArgs: { a: 'b' },
    env: { a: 'b' },
  },
  { name: 'DF-ARG-08 platform args need ARG', text: 'FROM alpine:3.20\nRUN x', env: { TARGETARCH: undefined } },
  {
    name: 'DF-ARG-08 platform args tell build and target apart',
    text: 'FROM alpine:3.20\nARG TARGETPLATFORM TARGETARCH BUILDPLATFORM BUILDARCH TARGETVARIANT\nRUN x',
    env: {
      TARGETPLATFORM: 'linux/arm64',
      TARGETARCH: 'arm64',
      BUILDPLATFORM: 'linux/amd64',
      BUILDARCH: 'amd64',
      TARGETVARIANT: '',
    },
  },
  {
    name: 'DF-ARG-08 a build arg overrides a platform arg',
    text: 'FROM alpine:3.20\nARG TARGETPLATFORM\nRUN x',
    buildArgs: { TARGETPLATFORM: 'mine' },
    env: { TARGETPLATFORM: 'mine' },
  },
  {
    name: 'DF-ARG-09 TARGETSTAGE is the last stage',
    text: 'FROM alpine:3.20 AS last\nARG TARGETSTAGE\nRUN x',
    env: { TARGETSTAGE: 'last' },
  },
  {
    name: 'DF-ARG-09 TARGETSTAGE of a nameless stage',
    text: 'FROM alpine:3.20\nARG TARGETSTAGE\nRUN x',
    env: { TARGETSTAGE: 'default' },
  },
  {
    name: 'DF-ARG-12 an unused build arg has no effect',
    text: 'FROM alpine:3.20\nRUN x',
    buildArgs: { X: '1' },
    env: { X: undefined },
  },
  {
    name: 'a build arg named like an object member is none',
    text: 'FROM alpine:3.20\nARG constructor\nRUN x',
    env: { constructor: undefined },
  },
  {
    name: 'scan args never reach a process',
    text: 'FROM alpine:3.20\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x',
    env: { BUILDKIT_SBOM_SCAN_STAGE: undefined },
  },
];
test.for(scopes)('compile(): $name', async ({ text, buildArgs, env }) => {
  const seen = lastEnv(await compileText(text, { buildArgs: buildArgs ?? {}, targetPlatform: arm64 }));
  for (const [name, value] of Object.entries(env)) expect(Object.hasOwn(seen, name) ? seen[name] : undefined, name).toBe(value);
});

test('DF-ARG-04 ARGs stay out of the image config', async () => {
  const { image } = await compileText('FROM alpine:3.20\nARG X=1\nENV Y=$X\n');
  expect(image.config.Env).toEqual(['PATH=/usr/local/bin:/usr/bin:/bin', 'Y=1']);
});

test('IMG-02 RUN lists every ARG once, with the value in force', async () => {
  const { image } = await compileText('FROM alpine:3.20\nARG A=1\nARG B\nENV A=2\nARG A=3\nENV A=4\nRUN x');
  expect(image.history.at(-1)?.createdBy).toBe('RUN |2 A=4 B= /bin/sh -c x # buildkit');
});

test('SEM-01 SEM-03 compile() looks up only images that the target needs, each once', async () => {
  const images = createFakeImages();
  const text =
    'FROM nowhere AS no\nFROM alpine:3.20 AS a\nFROM alpine:3.20 AS b\nCOPY --from=busybox / /\nFROM a\nRUN --mount=from=b,target=/b x';
  const { skippedStages } = await compileText(text, {}, images);
  expect(images.asked).toEqual(['docker.io/library/alpine:3.20 linux/amd64', 'docker.io/library/busybox:latest linux/amd64']);
  expect(skippedStages).toEqual([{ name: 'no', line: 1 }]);
});

test('compile() asks for all images it knows of before it waits for one', async () => {
  const images = createFakeImages();
  let waiting = 0;
  let most = 0;
  const resolveImage: typeof images.resolveImage = async (...args) => {
    most = Math.max(most, ++waiting);
    await new Promise((resolve) => setImmediate(resolve));
    waiting -= 1;
    return images.resolveImage(...args);
  };
  await compileText(
    'FROM alpine:3.20 AS a\nFROM busybox\nCOPY --from=a / /\nCOPY --from=node:20 / /',
    {},
    { ...images, resolveImage },
  );
  expect(most).toBe(3);
});

test('compileTargets() gives targets that share a stage one graph, one context and one look-up of each image', async () => {
  const text =
    'FROM alpine:3.20 AS base\nCOPY shared /\nRUN make\nFROM base AS a\nCOPY a /\nFROM base AS b\nARG TARGETSTAGE\nCOPY b /\nRUN use\nFROM nowhere AS no';
  const images = createFakeImages();
  const { file } = parseDockerfile(text, 'Dockerfile');
  const platforms = { targetPlatform: arm64, buildPlatform: arm64 };
  const compiled = await compileTargets(file, ['a', 'B'], platforms, images, AbortSignal.timeout(10_000));
  expect(images.asked).toEqual(['docker.io/library/alpine:3.20 linux/arm64']);
  expect(compiled.targets.map(({ stage }) => stage)).toEqual(['a', 'b']);
  expect(compiled.skippedStages.map(({ name }) => name)).toEqual(['no']);
  expect(compiled.stages.map(({ displayName, isTarget }) => [displayName, isTarget])).toEqual([
    ['base', false],
    ['a', true],
    ['b', true],
  ]);
  const ops = [...compiled.graph.vertices.values()].map(({ op }) => op);
  const locals = ops.filter((op) => op.kind === 'source' && op.identifier.startsWith('local://'));
  expect(locals).toMatchObject([{ attrs: { 'local.followpaths': '["a","b","shared"]' } }]);
  expect(ops.flatMap((op) => (op.kind === 'exec' ? [op.args.at(-1)] : []))).toEqual(['make', 'use']);
  const run = ops.findLast((op) => op.kind === 'exec');
  expect(run?.kind === 'exec' && run.env.includes('TARGETSTAGE=B')).toBe(true);
});

test('DF-COPY-25 COPY --from an image takes the target platform, whatever the stage runs on', async () => {
  const images = createFakeImages();
  await compileText('FROM --platform=$BUILDPLATFORM alpine:3.20\nCOPY --from=busybox / /', { targetPlatform: arm64 }, images);
  expect(images.asked).toEqual(['docker.io/library/alpine:3.20 linux/amd64', 'docker.io/library/busybox:latest linux/arm64']);
});

test('DF-FROM-08 a stage on a stage keeps its platform, whatever --platform says', async () => {
  const compiled = await compileText('FROM --platform=linux/arm64 alpine:3.20 AS a\nFROM --platform=linux/amd64 a\nRUN x');
  expect(vertices(compiled).map(({ platform }) => platform?.architecture)).toEqual(['arm64', 'arm64']);
});

test('DF-FROM-10 of two stages with one name FROM takes the last above it, COPY --from the last of all', async () => {
  const text = 'FROM alpine:3.20 AS x\nRUN first\nFROM x AS x\nRUN second\nFROM x\nCOPY --from=x /a /a';
  const compiled = await compileText(text);
  const copy = vertices(compiled).at(-1);
  expect(copy?.inputs.map(({ vertex }) => compiled.names.get(vertex))).toEqual(['[x 1/1] RUN second']);
  expect(compiled.stages.map(({ vertices: own }) => own.length)).toEqual([2, 1, 1]);
});

test('CTX-20 CTX-23 a context named like a stage replaces it; a context that nobody needs is not loaded', async () => {
  const images = createFakeImages();
  let loads = 0;
  const of = (reference: string) => async () => {
    loads += 1;
    return images.image(reference, arm64);
  };
  const text = 'FROM missing AS build\nRUN never\nFROM scratch\nCOPY --from=BUILD /a /a';
  const contexts = {
    'Build::linux/arm64': { kind: 'image', image: of('docker.io/library/busybox:1') },
    build: { kind: 'image', image: of('docker.io/library/node:20') },
    other: { kind: 'image', image: of('docker.io/library/nowhere') },
  } as const;
  const compiled = await compileText(text, { contexts, targetPlatform: arm64, buildPlatform: arm64 }, images);
  expect(loads).toBe(1);
  expect(images.asked).toEqual([]);
  const [source] = vertices(compiled);
  expect(source?.op).toMatchObject({ kind: 'source', identifier: expect.stringContaining('/busybox:1@') });
});

test('DF-ONB-03 ONBUILD adds neither layer nor history, and is not inherited', async () => {
  const { image, result } = await compileText('FROM onbuild:1\nONBUILD RUN one\nONBUILD COPY <<EOF /x\ntext\nEOF\n');
  expect(image.config.OnBuild).toEqual(['RUN one', expect.stringMatching(/^COPY <<EOF \/x\ntext\nEOF/)]);
  expect(image.history).toHaveLength(4);
  expect(result).toEqual(image.history.at(-1)?.vertex);
});

test('DF-ONB-05 a stage that only a trigger needs runs the triggers of its own base, though that was looked up before', async () => {
  const text = 'FROM runtrigger:1 AS helper\nRUN own\nFROM runtrigger:1 AS a\nFROM helpertrigger:1\nCOPY --from=a /a /a';
  const { stages, names } = await compileText(text);
  const steps = stages.map(({ vertices: own }) => own.map((digest) => names.get(digest)?.replace(/@.*/, '')));
  expect(steps[0]).toEqual([
    '[helper 1/3] FROM docker.io/library/runtrigger:1',
    '[helper 2/3] ONBUILD RUN triggered',
    '[helper 3/3] RUN own',
  ]);
});

test('DF-COPY-27 the layer of COPY --link is the same on another base', async () => {
  const [one, two] = await Promise.all(['alpine:3.20', 'busybox'].map((base) => compileText(`FROM ${base}\nCOPY --link a /a`)));
  const copies = [one, two].map((compiled) => compiled && vertices(compiled).find(({ op: { kind } }) => kind === 'file')?.digest);
  expect(copies[0]).toBeDefined();
  expect(copies[0]).toBe(copies[1]);
  expect(one?.result).not.toEqual(two?.result);
});

test('compile() shows no value of a variable that is called like a secret', async () => {
  const text = 'FROM alpine:3.20\nARG API_TOKEN\nARG MODE\nRUN curl -H "$API_TOKEN" ${MODE} ${API_TOKEN}';
  const { names } = await compileText(text, { buildArgs: { API_TOKEN: 'hunter2', MODE: 'fast' } });
  expect([...names.values()].at(-1)).toBe('[2/2] RUN curl -H "$API_TOKEN" fast ${API_TOKEN}');
});

test('SEM-13 metadata instructions change no vertex', async () => {
  const plain = await compileText('FROM alpine:3.20\nRUN a\nRUN b');
  const rich = await compileText('FROM alpine:3.20\nLABEL a=1\nRUN a\nEXPOSE 80\nCMD x\nRUN b\nVOLUME /v\nENTRYPOINT ["y"]');
  expect(rich.result).toEqual(plain.result);
});

test('SEM-11 an ARG changes later RUNs and no COPY that does not use it', async () => {
  const text = 'FROM alpine:3.20\nARG V\nCOPY a /a\nRUN x';
  const digests = async (value: string) =>
    vertices(await compileText(text, { buildArgs: { V: value } })).map(({ digest }) => digest);
  const [one, two] = await Promise.all([digests('1'), digests('2')]);
  expect(two.slice(0, -1)).toEqual(one.slice(0, -1));
  expect(two.at(-1)).not.toEqual(one.at(-1));
});

test('a COPY --from by name, by another name and by index are one vertex', async () => {
  const result = async (name: string, from: string) =>
    (await compileText(`FROM alpine:3.20 AS ${name}\nRUN x\nFROM scratch\nCOPY --from=${from} /a /b`)).result;
  const byName = await result('build', 'BUILD');
  expect(await result('build', '0')).toEqual(byName);
  expect(await result('other', 'other')).toEqual(byName);
});

const lines = [
  'FROM alpine:3.20 AS one',
  'ARG V=1',
  'ENV A=b C="d e"',
  'WORKDIR /app',
  'COPY a b c/',
  'RUN make $V',
  'USER app',
  'CMD ["x"]',
  'FROM scratch',
  'COPY --from=one --chown=1:2 /app /',
];
const noise = fc.constantFrom('', '\n', '# a comment\n', '\n\n#\n', '   \n');
test('SEM-13 comments, blank lines, indents and the case of keywords change no vertex', async () => {
  const plain = await compileText(lines.join('\n'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(noise, fc.boolean(), fc.constantFrom('', ' ', '\t')), {
        minLength: lines.length,
        maxLength: lines.length,
      }),
      async (rows) => {
        const text = lines.map((line, i) => {
          const [before, isLower, indent] = rows[i] ?? ['', false, ''];
          const [keyword = '', ...rest] = line.split(' ');
          return `${before}${indent}${isLower ? keyword.toLowerCase() : keyword} ${rest.join(' ')}`;
        });
        const noisy = await compileText(text.join('\n'));
        expect(vertices(noisy).map(({ digest }) => digest)).toEqual(vertices(plain).map(({ digest }) => digest));
        expect(noisy.image).toEqual(plain.image);
        expect([...noisy.names.values()]).toEqual([...plain.names.values()]);
      },
    ),
    { numRuns: 50 },
  );
});

test('compile() keeps the span of every instruction that made a vertex', async () => {
  const compiled = await compileText('FROM alpine:3.20\nCOPY a /a\nRUN x');
  const spans = vertices(compiled).map(({ digest }) => compiled.locations.get(digest)?.map(({ start }) => start.line));
  expect(spans).toEqual([[1], undefined, [2], [3]]);
});

test('compile() compiles a stage of 2,000 instructions', async () => {
  const compiled = await compileText(`FROM alpine:3.20\n${'RUN x\n'.repeat(2_000)}`);
  expect(vertices(compiled)).toHaveLength(2_001);
  expect(compiled.names.get(vertices(compiled)[9]?.digest as never)).toBe('[  10/2001] RUN x');
});

test('compile() stops when it is told to', async () => {
  const { file } = parseDockerfile('FROM alpine:3.20', 'Dockerfile');
  const { compile } = await import('./compile.ts');
  const reason = new SlipwayError('BUILD_CANCELLED', 'stop', { class: 'cancelled' });
  const options = { targetPlatform: arm64, buildPlatform: arm64 };
  await expect(compile(file, options, createFakeImages(), AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('listStages() tells what the file says, variables unexpanded', () => {
  const { file } = parseDockerfile(
    'ARG T=1\n# build compiles it\nFROM --platform=$BUILDPLATFORM golang:$T AS Build\nFROM scratch',
    'Dockerfile',
  );
  expect(listStages(file)).toEqual([
    {
      index: 0,
      name: 'build',
      displayName: 'build',
      base: 'golang:$T',
      platform: '$BUILDPLATFORM',
      description: 'compiles it',
      line: 3,
      isDefault: false,
    },
    {
      index: 1,
      name: undefined,
      displayName: 'stage-1',
      base: 'scratch',
      platform: undefined,
      description: undefined,
      line: 4,
      isDefault: true,
    },
  ]);
});

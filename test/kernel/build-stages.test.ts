import { afterAll, beforeAll, expect } from 'vitest';
import { DockerfileError } from '../../src/index.ts';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => {
  expect(mountsBelow(builder.scratch)).toEqual([]);
  builder[Symbol.dispose]();
});

const three =
  'FROM base-image AS one\nRUN echo 1 > /1\nFROM base-image AS Two\nRUN echo 2 > /2\nFROM base-image AS three\nCOPY --from=one /1 /1\n';

kernel.test('SEM-01 only the stages that the target needs are built, and the others are named with their lines', async () => {
  const built = await builder.build(three);
  expect(built.ran).toEqual(['RUN echo 1 > /1', 'COPY --from=one /1 /1']);
  expect(built.result.skippedStages).toEqual(['two']);
  expect(built.events).toContainEqual(expect.objectContaining({ kind: 'stages-skipped', stages: [{ name: 'two', line: 3 }] }));
  expect(built.result.stages.map(({ name, isTarget }) => [name, isTarget])).toEqual([
    ['one', false],
    ['three', true],
  ]);
});

kernel.test('SEM-02 a target by name in any case, and by index', async () => {
  expect((await builder.build(three, { target: 'tWO' })).result.skippedStages).toEqual(['one', 'three']);
  expect((await builder.build(three, { target: '0' })).result.skippedStages).toEqual(['two', 'three']);
});

kernel.test('SEM-02 an unknown target is refused with the one that was meant', async () => {
  const { error, events } = await builder.fail(three, { target: 'tow' });
  expect(error).toMatchObject({
    code: 'FE_UNKNOWN_TARGET',
    message: 'target stage "tow" could not be found',
    hint: expect.stringContaining('`two`') as string,
  });
  expect(events.filter(({ kind }) => kind === 'step-started')).toHaveLength(1); // reading the Dockerfile
});

kernel.test('SEM-03 a stage that nobody needs may fail, miss files, name unknown images and unset variables', async () => {
  const built = await builder.build(
    'FROM base-image AS a\nRUN exit 1\nFROM no.such.registry.test/image AS b\nCOPY missing /\nFROM base-image AS c\nARG X=${no:?message}\nSTOPSIGNAL nonsense\nCOPY --from=a /missing /\nFROM base-image\nRUN echo fine > /fine',
  );
  expect(built.text('/fine')).toBe('fine\n');
  expect(built.result.skippedStages).toEqual(['a', 'b', 'c']);
});

kernel.test('SEM-04 a mistake of language in a stage that nobody needs fails the build', async () => {
  const { error, ran } = await builder.fail('FROM base-image AS a\nRUM x\nCOPY\nFROM base-image\nRUN echo fine');
  expect(error).toBeInstanceOf(DockerfileError);
  expect(error.at?.start.line).toBe(2);
  expect((error as DockerfileError).diagnostics.map(({ at }) => at.start.line)).toEqual([2, 3]);
  expect(ran).toEqual([]);
});

/** Each waits for the other: they end only if both run at the same time. */
const rendezvous = (name: string): string => {
  const mount = `--mount=type=cache,id=${name},target=/meet`;
  return `FROM base-image AS a
RUN ${mount} mkfifo /meet/ab /meet/ba 2>/dev/null; echo from a > /meet/ab && cat /meet/ba > /met
FROM base-image AS b
RUN ${mount} mkfifo /meet/ab /meet/ba 2>/dev/null; cat /meet/ab > /met && echo from b > /meet/ba
FROM base-image
COPY --from=a /met /a
COPY --from=b /met /b`;
};

kernel.test('SEM-05 DF-RUN-11 independent stages run at the same time, sharing a cache mount', async () => {
  const built = await builder.build(rendezvous('meet'), { jobs: 2, signal: AbortSignal.timeout(60_000) });
  expect([built.text('/a'), built.text('/b')]).toEqual(['from b\n', 'from a\n']);
});

kernel.test('DF-RUN-10 sharing=locked lets one RUN in at a time', async () => {
  // Each says whether somebody else was inside with it.
  const run = (name: string): string =>
    `RUN --mount=type=cache,id=locked,sharing=locked,target=/c mkdir /c/inside && echo ${name} >> /c/log && usleep 100000 && rmdir /c/inside && cp /c/log /log`;
  const built = await builder.build(
    `FROM base-image AS a\n${run('a')}\nFROM base-image AS b\n${run('b')}\nFROM base-image\nCOPY --from=a /log /a\nCOPY --from=b /log /b`,
    { jobs: 2 },
  );
  expect([built.text('/a'), built.text('/b')].sort()).toEqual(
    built.text('/a')?.startsWith('a') ? ['a\n', 'a\nb\n'] : ['b\n', 'b\na\n'],
  );
});

kernel.test('DF-RUN-11 sharing=private gives a second user a directory of its own', async () => {
  const built = await builder.build(
    `FROM base-image AS a
RUN --mount=type=cache,id=private,sharing=private,target=/c --mount=type=cache,id=meet11,target=/meet touch /c/a; mkfifo /meet/ab /meet/ba 2>/dev/null; echo > /meet/ab; cat /meet/ba; ls /c > /seen
FROM base-image AS b
RUN --mount=type=cache,id=private,sharing=private,target=/c --mount=type=cache,id=meet11,target=/meet touch /c/b; mkfifo /meet/ab /meet/ba 2>/dev/null; cat /meet/ab; echo > /meet/ba; ls /c > /seen
FROM base-image
COPY --from=a /seen /a
COPY --from=b /seen /b`,
    { jobs: 2, signal: AbortSignal.timeout(60_000) },
  );
  expect([built.text('/a'), built.text('/b')]).toEqual(['a\n', 'b\n']);
});

kernel.test('DF-FROM-10 a stage named as an image stands before it', async () => {
  const built = await builder.build(
    'FROM base-image AS service-image\nRUN echo shadow > /x\nFROM service-image\nRUN cat /x\nFROM base-image\nCOPY --from=service-image /x /',
  );
  expect(built.text('/x')).toBe('shadow\n');
});

kernel.test('DF-ONB-01 DF-ONB-02 the triggers of an image run in its child, and not in its grandchild', async () => {
  const { result } = await builder.build('FROM base-image\nONBUILD ARG V=1\nONBUILD COPY a /a\nONBUILD RUN echo $V > /v');
  const { build, tagImage } = await import('../../src/index.ts');
  const { engine } = builder;
  await build({
    dockerfile: 'FROM base-image\nONBUILD ARG V=1\nONBUILD COPY a /a\nONBUILD RUN echo $V > /v',
    context: builder.context(),
    tags: ['parent'],
    engine,
  });
  expect(result.imageId).toBeDefined();
  const child = await builder.build('FROM parent\nRUN cat /a /v > /both', {
    files: { a: 'from the child\n' },
    buildArgs: { V: '2' },
  });
  expect(child.text('/both')).toBe('from the child\n2\n');
  expect(child.image.config.config).not.toHaveProperty('OnBuild');
  await build({ dockerfile: 'FROM parent', context: builder.context({ a: 'x' }), tags: ['child'], engine });
  await tagImage({ source: 'child', target: 'child:again', engine });
  const grandchild = await builder.build('FROM child:again');
  expect(grandchild.ran).toEqual([]);
});

kernel.test('CTX-07 an ignore file says nothing about what stages hold', async () => {
  const built = await builder.build(
    'FROM base-image AS b\nRUN mkdir /out && echo x > /out/f\nFROM base-image\nCOPY --from=b /out /out',
    {
      files: { '.dockerignore': 'out\n**/f' },
    },
  );
  expect(built.text('/out/f')).toBe('x\n');
});

kernel.test('DF-COPY-16 a copied directory has the time of its source', async () => {
  const context = builder.context({ 'd/sub/f': 'x' });
  const { utimesSync } = await import('node:fs');
  for (const path of ['d/sub/f', 'd/sub', 'd']) utimesSync(`${context}/${path}`, 1_500_000_000, 1_500_000_000);
  const built = await builder.build('FROM scratch\nCOPY d /new/place', { context });
  const times = built.image.layer(0).map(({ path, mtimeSec }) => [path, mtimeSec === 1_500_000_000]);
  expect(times).toEqual([
    ['new', false],
    ['new/place', true],
    ['new/place/sub', true],
    ['new/place/sub/f', true],
  ]);
});

kernel.test(
  'DF-COPY-29 DF-COPY-30 --parents keeps the paths, below a pivot and below wildcards, of the context and of a stage',
  async () => {
    const files = { 'a/b/c/d/foo': '', 'a/b/c/d/e/bay': '', 'a/b2/c/d/e/bar': '', 'a/b/c2/d/e/baz': '', 'a/b/c2/d/e2/baz': '' };
    const sources: readonly (readonly [copied: string, files: readonly string[]])[] = [
      ['/t/a/b/c/d', ['t/a/b/c/d/e/bay', 't/a/b/c/d/foo']],
      ['./t/a/b/./c/d', ['c/d/e/bay', 'c/d/foo']],
      ['/t/a/b/c/d/.', ['t/a/b/c/d/e/bay', 't/a/b/c/d/foo']],
      ['/t/a/./b2/./c', ['b2/c/d/e/bar']],
      ['/t/a/./*/c', ['b/c/d/e/bay', 'b/c/d/foo', 'b2/c/d/e/bar']],
      ['/t/a/b*/./c/**/e', ['c/d/e/bar', 'c/d/e/bay']],
      ['/t/a/b/c*/./d/**/baz /t/a/b*/./c/**/bar', ['c/d/e/bar', 'd/e/baz', 'd/e2/baz']],
      ['/t/a/b3*/c', []],
      ['--exclude=a/b/c2 --exclude=**/e /t/./a/b', ['a/b/c/d/foo']],
    ];
    const copies = (from: string): string =>
      sources.map(([copied], at) => `COPY ${from} --parents ${copied} /out${at}/\n`).join('');
    const context = builder.context(Object.fromEntries(Object.entries(files).map(([path, text]) => [`t/${path}`, text])));
    const ofContext = await builder.build(`FROM scratch\n${copies('')}`, { context });
    const ofStage = await builder.build(`FROM scratch AS s\nCOPY . /\nFROM scratch\n${copies('--from=s')}`, { context });
    for (const { image } of [ofContext, ofStage]) {
      const paths = [...image.tree()].filter(([, { type }]) => type === 'file').map(([path]) => path);
      const found = sources.map((_, at) => paths.filter((path) => path.startsWith(`out${at}/`)).map((path) => path.slice(5)));
      expect(found.map((each) => each.sort())).toEqual(sources.map(([, expected]) => [...expected]));
    }
  },
);

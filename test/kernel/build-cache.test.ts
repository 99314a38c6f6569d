import { chmodSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { build } from '../../src/index.ts';
import { Builder, type Files, type Wanted } from './support/builder.ts';
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

/** Two builds in one context: the first from nothing, then a change, then what must run again. */
interface Row {
  readonly name: string;
  readonly files?: Files;
  readonly before: string;
  readonly options?: Wanted;
  /** Default: as before. */
  readonly after?: string;
  readonly optionsAfter?: Wanted;
  readonly change?: (context: string) => void;
  /** Default: nothing. */
  readonly ran?: readonly string[];
  readonly cached: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'SEM-07 everything hits on a rebuild',
    files: { a: 'a' },
    before: 'FROM base-image\nWORKDIR /w\nCOPY a .\nRUN echo x > x',
    cached: ['WORKDIR /w', 'COPY a .', 'RUN echo x > x'],
  },
  {
    name: 'SEM-08 COPY hits after a touch',
    files: { 'd/a': 'a' },
    before: 'FROM base-image\nCOPY d /d08',
    change: (context) => utimesSync(join(context, 'd/a'), 1_500_000_000, 1_500_000_000),
    cached: ['COPY d /d08'],
  },
  {
    name: 'SEM-09 COPY misses after chmod',
    files: { a: 'a' },
    before: 'FROM base-image\nRUN true\nCOPY a /a09',
    change: (context) => chmodSync(join(context, 'a'), 0o600),
    ran: ['COPY a /a09'],
    cached: ['RUN true'],
  },
  {
    name: 'SEM-09 COPY misses after an edit that keeps size and time',
    files: { 'd/a': 'a' },
    before: 'FROM base-image\nCOPY d /d09',
    change: (context) => {
      const path = join(context, 'd/a');
      writeFileSync(path, 'b');
      utimesSync(path, 1_500_000_000, 1_500_000_000);
    },
    ran: ['COPY d /d09'],
    cached: [],
  },
  {
    name: 'SEM-09 COPY misses after a rename under a wildcard, and below a directory',
    files: { 'a.txt': 'a', 'd/a': 'a' },
    before: 'FROM base-image\nCOPY *.txt /t09/\nCOPY d /r09',
    change: (context) => {
      renameSync(join(context, 'a.txt'), join(context, 'b.txt'));
      renameSync(join(context, 'd/a'), join(context, 'd/b'));
    },
    ran: ['COPY *.txt /t09/', 'COPY d /r09'],
    cached: [],
  },
  {
    name: 'SEM-09 COPY misses when a file goes, and when a link points elsewhere',
    files: { 'd/a': 'a', 'd/b': 'b', 'l/link': { link: 'x' } },
    before: 'FROM base-image\nCOPY d /g09\nCOPY l /l09',
    change: (context) => {
      rmSync(join(context, 'd/b'));
      rmSync(join(context, 'l'), { recursive: true });
      writeFileSync(join(context, 'l'), 'x');
    },
    ran: ['COPY d /g09', 'COPY l /l09'],
    cached: [],
  },
  {
    name: 'SEM-10 what COPY does not take can change',
    files: { 'd/a': 'a', other: 'x', '.dockerignore': 'd/ignored', 'd/ignored': 'x' },
    before: 'FROM base-image\nCOPY d /d10\nCOPY --exclude=b d /e10',
    change: (context) => {
      writeFileSync(join(context, 'other'), 'y');
      writeFileSync(join(context, 'new'), 'y');
      writeFileSync(join(context, 'd/ignored'), 'y');
    },
    cached: ['COPY d /d10', 'COPY --exclude=b d /e10'],
  },
  {
    name: 'DF-COPY-33 --exclude is part of the key',
    files: { 'd/a': 'a', 'd/b': 'b' },
    before: 'FROM base-image\nCOPY --exclude=a d /x33',
    after: 'FROM base-image\nCOPY --exclude=b d /x33',
    ran: ['COPY --exclude=b d /x33'],
    cached: [],
  },
  {
    name: 'SEM-11 an ARG changes later RUNs even if they do not use it, and no COPY that does not',
    files: { a: 'a' },
    before: 'FROM base-image\nRUN echo 11\nARG V=1\nCOPY a /a11\nRUN echo after\nCOPY a /$V',
    options: { buildArgs: { V: '1' } },
    optionsAfter: { buildArgs: { V: '2' } },
    ran: ['RUN echo after', 'COPY a /2'],
    cached: ['RUN echo 11', 'COPY a /a11'],
  },
  {
    name: 'SEM-11 an ARG in the paths of COPY and WORKDIR is in the key',
    files: { a1: 'same', a2: 'same' },
    before: 'FROM base-image\nARG N\nCOPY a$N /to$N\nWORKDIR /w$N',
    options: { buildArgs: { N: '1' } },
    optionsAfter: { buildArgs: { N: '2' } },
    ran: ['COPY a2 /to2', 'WORKDIR /w2'],
    cached: [],
  },
  {
    name: 'SEM-15 VOLUME changes nothing for what follows, and a miss above it no more than its layer',
    files: { a: 'a' },
    before: 'FROM base-image\nRUN echo v1 > /dev/null\nVOLUME /v\nCOPY a /v15\nRUN echo after15',
    after: 'FROM base-image\nRUN echo v2 > /dev/null\nVOLUME /v\nCOPY a /v15\nRUN echo after15',
    ran: ['RUN echo v2 > /dev/null'],
    cached: ['COPY a /v15', 'RUN echo after15'],
  },
  {
    name: 'SEM-11 a default that a build arg beats changes nothing',
    before: 'FROM base-image\nARG W=1\nRUN echo w',
    after: 'FROM base-image\nARG W=2\nRUN echo w',
    options: { buildArgs: { W: 'cli' } },
    optionsAfter: { buildArgs: { W: 'cli', UNUSED: 'x' } },
    cached: ['RUN echo w'],
  },
  {
    name: 'SEM-12 an ENV changes later RUNs',
    before: 'FROM base-image\nRUN echo 12\nENV E=1\nRUN echo after',
    after: 'FROM base-image\nRUN echo 12\nENV E=2\nRUN echo after',
    ran: ['RUN echo after'],
    cached: ['RUN echo 12'],
  },
  {
    name: 'SEM-13 metadata, comments and blanks change nothing',
    before: 'FROM base-image\nRUN echo 13\nRUN echo \\\n  more',
    after:
      '# comment\nFROM base-image AS name\nLABEL a=b\nEXPOSE 80\nVOLUME /v\nSTOPSIGNAL SIGINT\nMAINTAINER me\n\nRUN echo 13\nHEALTHCHECK CMD x\nCMD ["x"]\nENTRYPOINT ["y"]\nONBUILD RUN z\nRUN echo \\\n# inside\n  more',
    cached: ['RUN echo 13', 'RUN echo   more'],
  },
  {
    name: 'SEM-13 USER, WORKDIR, SHELL and the command itself change a RUN',
    before: 'FROM base-image AS a\nRUN id\nFROM a AS b\nRUN pwd\nFROM b\nRUN echo x',
    after:
      'FROM base-image AS a\nUSER app\nRUN id\nFROM a AS b\nWORKDIR /\nRUN pwd\nFROM b\nSHELL ["/bin/sh", "-ec"]\nRUN echo x',
    ran: ['RUN id', 'RUN pwd', 'RUN echo x'],
    cached: [],
  },
  {
    name: 'SEM-15 COPY --from hits when the source is rebuilt and equal',
    before: 'FROM base-image AS b\nENV V=1\nRUN echo same > /out\nFROM base-image\nCOPY --from=b /out /o15\nRUN cat /o15',
    after: 'FROM base-image AS b\nENV V=2\nRUN echo same > /out\nFROM base-image\nCOPY --from=b /out /o15\nRUN cat /o15',
    ran: ['RUN echo same > /out'],
    cached: ['COPY --from=b /out /o15', 'RUN cat /o15'],
  },
  {
    name: 'SEM-15 a RUN hits when what is below it is rebuilt and equal',
    before: 'FROM base-image\nENV V=1\nRUN echo same > /below15\nENV V=\nRUN cat /below15',
    after: 'FROM base-image\nENV V=2\nRUN echo same > /below15\nENV V=\nRUN cat /below15',
    ran: ['RUN echo same > /below15'],
    cached: ['RUN cat /below15'],
  },
  {
    name: 'SEM-16 a bind mount counts by its content',
    files: { 'm/a': 'a', 'n/a': 'a' },
    before: 'FROM base-image\nRUN --mount=source=m,target=/m cat /m/a\nRUN --mount=source=n,target=/n cat /n/a',
    change: (context) => {
      utimesSync(join(context, 'm/a'), 1_500_000_000, 1_500_000_000);
      writeFileSync(join(context, 'n/b'), 'new');
    },
    ran: ['RUN --mount=source=n,target=/n cat /n/a'],
    cached: ['RUN --mount=source=m,target=/m cat /m/a'],
  },
  {
    name: 'SEM-16 a bind mount from a stage counts by its content',
    before: 'FROM base-image AS b\nENV V=1\nRUN echo m > /m\nFROM base-image\nRUN --mount=from=b,source=/m,target=/m cat /m',
    after: 'FROM base-image AS b\nENV V=2\nRUN echo m > /m\nFROM base-image\nRUN --mount=from=b,source=/m,target=/m cat /m',
    ran: ['RUN echo m > /m'],
    cached: ['RUN --mount=from=b,source=/m,target=/m cat /m'],
  },
  {
    name: 'SEM-18 --no-cache runs RUN and COPY again',
    files: { a: 'a' },
    before: 'FROM base-image\nWORKDIR /w18\nCOPY a .\nRUN echo 18',
    optionsAfter: { noCache: true },
    ran: ['COPY a .', 'RUN echo 18'],
    cached: ['WORKDIR /w18'],
  },
  {
    name: 'SEM-19 --no-cache-filter runs one stage again, and what its changes reach',
    before:
      'FROM base-image AS one\nRUN cat /proc/sys/kernel/random/uuid > /one19\nFROM base-image AS two\nRUN echo 19\nCOPY --from=one /one19 /\nRUN cat /one19',
    optionsAfter: { noCacheFilter: ['ONE', 'unknown'] },
    ran: ['RUN cat /proc/sys/kernel/random/uuid > /one19', 'COPY --from=one /one19 /', 'RUN cat /one19'],
    cached: ['RUN echo 19'],
  },
  {
    name: 'DF-ARG-10 proxies are not in the key',
    before: 'FROM base-image\nRUN echo proxy',
    options: { buildArgs: { HTTP_PROXY: 'http://one.test' } },
    optionsAfter: { buildArgs: { HTTP_PROXY: 'http://two.test', no_proxy: 'x' } },
    cached: ['RUN echo proxy'],
  },
  {
    name: 'DF-HD-04 the text of a heredoc is in the key, variables filled in',
    before: 'FROM base-image\nARG H\nCOPY <<EOF /i\nsame\nEOF\nCOPY <<EOF /h\n$H\nEOF',
    options: { buildArgs: { H: '1' } },
    optionsAfter: { buildArgs: { H: '2' } },
    ran: ['COPY <<EOF /h'],
    cached: ['COPY <<EOF /i'],
  },
  {
    name: 'DF-COPY-19 the account files are in the key where --chown names somebody',
    files: { a: 'a' },
    before: 'FROM base-image AS b\nRUN echo "u:x:5:5::/:/bin/sh" >> /etc/passwd\nFROM b\nCOPY --chown=u a /a19',
    after: 'FROM base-image AS b\nRUN echo "u:x:6:6::/:/bin/sh" >> /etc/passwd\nFROM b\nCOPY --chown=u a /a19',
    ran: ['RUN echo "u:x:6:6::/:/bin/sh" >> /etc/passwd', 'COPY --chown=u a /a19'],
    cached: [],
  },
  {
    name: 'DF-COPY-27 --link hits on another base',
    files: { a: 'a' },
    before: 'FROM base-image\nRUN echo one > /one\nCOPY --link a /linked27',
    after: 'FROM base-image\nRUN echo two > /two\nCOPY --link a /linked27',
    ran: ['RUN echo two > /two'],
    cached: ['COPY --link a /linked27'],
  },
];

for (const { name, files = {}, before, options = {}, after = before, optionsAfter = options, change, ran = [], cached } of rows) {
  kernel.test(name, async () => {
    const context = builder.context(files);
    const first = await builder.build(before, { ...options, context });
    change?.(context);
    const second = await builder.build(after, { ...optionsAfter, context });
    expect({ ran: [...second.ran].sort(), cached: [...second.cached].sort() }).toEqual({
      ran: [...ran].sort(),
      cached: [...cached].sort(),
    });
    if (ran.length === 0 && after === before) expect(second.result.imageId).toBe(first.result.imageId);
  });
}

kernel.test('DF-COPY-27 a --link onto another base reads none of its bytes', async () => {
  const context = builder.context({ big: 'x'.repeat(100_000) });
  const store = (digest = ''): string => join(builder.engine.root, 'blobs', ...digest.split(':'));
  const onto = async (base: string): Promise<string> => {
    const dockerfile = `FROM base-image\nRUN echo ${base} > /base27\nCOPY --link big /big27`;
    const { manifestDigest } = await build({ context, dockerfile, engine: builder.engine, tags: [`link27:${base}`] });
    const { layers } = JSON.parse(readFileSync(store(manifestDigest), 'utf8')) as { layers: { digest: string }[] };
    return layers.at(-1)?.digest ?? '';
  };
  const linked = await onto('one');
  const { size } = statSync(store(linked));
  writeFileSync(store(linked), Buffer.alloc(size));
  expect(await onto('two')).toBe(linked);
  expect(readFileSync(store(linked)).equals(Buffer.alloc(size))).toBe(true);
});

kernel.test('SEM-17 the same files in another directory hit', async () => {
  const dockerfile = 'FROM base-image\nCOPY . /all17\nRUN echo 17';
  await builder.build(dockerfile, { files: { 'a/b': '1', c: '2' } });
  const again = await builder.build(dockerfile, { files: { 'a/b': '1', c: '2' } });
  expect(again.ran).toEqual([]);
});

kernel.test('SEM-13 two keys never become one by where a blank or a separator stands', async () => {
  const built = await builder.build(
    'FROM base-image AS a\nENV A="1 B=2"\nRUN env | grep ^B > /b || echo none > /b\nFROM base-image\nENV A=1 B=2\nRUN env | grep ^B > /b || echo none > /b\nCOPY --from=a /b /other',
  );
  expect([built.text('/b'), built.text('/other')]).toEqual(['B=2\n', 'none\n']);
});

kernel.test('SEM-21 a failed step runs again, what came before it does not', async () => {
  const dockerfile = 'FROM base-image\nRUN echo 21\nRUN --mount=type=cache,id=c21,target=/c test -e /c/ready';
  const first = await builder.fail(dockerfile);
  expect(first.error.code).toBe('STEP_FAILED');
  await builder.build('FROM base-image\nRUN --mount=type=cache,id=c21,target=/c touch /c/ready');
  const second = await builder.build(dockerfile);
  expect(second).toMatchObject({ cached: ['RUN echo 21'], ran: ['RUN --mount=type=cache,id=c21,target=/c test -e /c/ready'] });
});

kernel.test('SEM-22 a rebuild from the cache is the same image, times included', async () => {
  const dockerfile =
    'FROM service-image\nLABEL a=b\nRUN date > /date\nENV X=1\nCOPY --from=base-image /etc/passwd /p22\nCMD ["x"]';
  const first = await builder.build(dockerfile);
  const second = await builder.build(dockerfile);
  expect(second.ran).toEqual([]);
  expect(second.image.manifestDigest).toBe(first.image.manifestDigest);
});

kernel.test('SEM-06 equal steps of two stages run once', async () => {
  const run = 'RUN --mount=type=cache,id=c06,target=/c echo x >> /c/count && cp /c/count /count';
  const built = await builder.build(
    `FROM base-image AS a\n${run}\nFROM base-image AS b\n${run}\nFROM base-image\nCOPY --from=a /count /a\nCOPY --from=b /count /b`,
  );
  expect([built.text('/a'), built.text('/b')]).toEqual(['x\n', 'x\n']);
});

kernel.test('DF-RUN-08 DF-RUN-13 a cache mount stays from build to build, --no-cache included, and is in no image', async () => {
  const dockerfile = 'FROM base-image\nRUN --mount=type=cache,target=/c08 echo x >> /c08/count && cat /c08/count > /count';
  await builder.build(dockerfile);
  const again = await builder.build(dockerfile, { noCache: true });
  expect(again.text('/count')).toBe('x\nx\n');
  expect(again.node('/c08')).toBeUndefined();
});

kernel.test('DF-RUN-14 BUILDKIT_CACHE_MOUNT_NS keeps cache mounts apart', async () => {
  const dockerfile = (mark: string): string =>
    `FROM base-image\nRUN --mount=type=cache,target=/c14 echo ${mark} >> /c14/count && cat /c14/count > /count`;
  await builder.build(dockerfile('one'), { buildArgs: { BUILDKIT_CACHE_MOUNT_NS: 'one' } });
  expect((await builder.build(dockerfile('two'), { buildArgs: { BUILDKIT_CACHE_MOUNT_NS: 'two' } })).text('/count')).toBe(
    'two\n',
  );
  expect((await builder.build(dockerfile('more'), { buildArgs: { BUILDKIT_CACHE_MOUNT_NS: 'one' } })).text('/count')).toBe(
    'one\nmore\n',
  );
});

kernel.test('DF-RUN-19 the value of a secret is in no key, no layer and no config', async () => {
  const dockerfile =
    'FROM base-image\nRUN --mount=type=secret,id=s,env=TOKEN --mount=type=secret,id=s wc -c < /run/secrets/s && echo "$TOKEN"';
  const first = await builder.build(dockerfile, { secrets: { s: { value: 'first-value' } } });
  const second = await builder.build(dockerfile, { secrets: { s: { value: 'second-value' } } });
  expect(second.ran).toEqual([]);
  expect(first.log).toContain('11\n');
  expect(first.log).not.toContain('first-value');
  expect(JSON.stringify([first.image.config, ...first.image.layer(1)])).not.toContain('first-value');
});

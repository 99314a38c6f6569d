import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { BuildEvent } from '../solver/index.ts';
import type { Store } from '../store/index.ts';
import { scratchStore } from '../store/scratch-store.ts';
import { build } from './build.ts';
import type { BuildOptions, BuildResult } from './options.ts';

interface Scratch extends Disposable {
  readonly store: Store;
  readonly events: BuildEvent[];
  at(path: string): string;
  write(path: string, text?: string): void;
  build(dockerfile: string, more?: BuildOptions): Promise<BuildResult>;
  /** Names of the steps that ran in the last build, contexts apart. */
  ran(): string[];
}

/** A context with these files, for builds without RUN: they need no rights. */
function scratchContext(...paths: readonly string[]): Scratch {
  const scratch = scratchStore();
  const context = join(scratch.folder, 'context');
  const events: BuildEvent[] = [];
  const at = (path: string): string => join(context, path);
  const write = (path: string, text = path): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  };
  mkdirSync(context);
  for (const path of paths) write(path);
  return {
    ...scratch,
    events,
    at,
    write,
    async build(dockerfile, more) {
      events.length = 0;
      const engine = { root: scratch.store.paths.root };
      return await build({
        dockerfile,
        context,
        engine,
        platform: 'linux/amd64',
        onEvent: (event) => void events.push(event),
        ...more,
      });
    },
    ran: () =>
      events.flatMap((event) =>
        event.kind === 'step-started' && /^\[.*\d+\/\d+\]/.test(event.name) ? [event.name.replace(/^\[.*\] /, '')] : [],
      ),
  };
}

const plain = 'FROM scratch\nWORKDIR /w\nCOPY a b /d/\nLABEL x=1\n';

test('SEM-22 build() of what was built before runs nothing and gives the same image', async () => {
  using scratch = scratchContext('a', 'b');
  const one = await scratch.build(plain);
  expect(scratch.ran()).toEqual(['WORKDIR /w', 'COPY a b /d/']);
  const two = await scratch.build(plain);
  expect(scratch.ran()).toEqual([]);
  expect([two.manifestDigest, two.imageId]).toEqual([one.manifestDigest, one.imageId]);
  expect(two.steps).toEqual({ total: 2, cached: 2, ran: 0 });
});

test.for<[what: string, change: (scratch: Scratch) => void, dockerfile: string, ran: string[]]>([
  ['SEM-08 a file was touched', ({ at }) => utimesSync(at('a'), 1, 1), plain, []],
  ['a file was written with the same bytes', ({ write }) => write('a'), plain, []],
  ['SEM-10 a file that nobody copies changed', ({ write }) => write('other', 'x'), plain, []],
  ['an ignored file changed', ({ write }) => write('d/ignored', 'x'), plain, []],
  ['the ignore file changed without effect', ({ write }) => write('.dockerignore', '# nothing\nd/ignored\nelse'), plain, []],
  ['a comment came in', () => {}, `# hello\n${plain}`, []],
  ['the stage got a name', () => {}, plain.replace('scratch', 'scratch AS app'), []],
  ['SEM-13 a label changed', () => {}, plain.replace('x=1', 'x=2'), []],
  ['a file changed', ({ write }) => write('a', 'x'), plain, ['COPY a b /d/']],
  ['SEM-09 a file got another mode', ({ at }) => chmodSync(at('a'), 0o755), plain, ['COPY a b /d/']],
  ['the directory was renamed', () => {}, plain.replace('/w', '/v'), ['WORKDIR /v', 'COPY a b /d/']],
  ['the destination changed', () => {}, plain.replace('/d/', '/e/'), ['COPY a b /e/']],
])('build() again when %s', async ([, change, dockerfile, ran]) => {
  using scratch = scratchContext('a', 'b', 'other', 'd/ignored');
  scratch.write('.dockerignore', 'd/ignored\n');
  await scratch.build(plain);
  change(scratch);
  await scratch.build(dockerfile);
  expect(scratch.ran()).toEqual(ran);
});

test('SEM-15 build() stops at a stage that gave the same again', async () => {
  using scratch = scratchContext('a', 'b');
  const dockerfile = 'FROM scratch AS one\nCOPY a b /\n\nFROM scratch\nCOPY --from=one /a /x\n';
  const one = await scratch.build(dockerfile);
  scratch.write('b', 'changed');
  const two = await scratch.build(dockerfile);
  expect(scratch.ran()).toEqual(['COPY a b /']);
  expect(two.imageId).toBe(one.imageId);
});

test('SEM-18 build() without cache does every COPY again, also below a step that may come from the cache', async () => {
  using scratch = scratchContext('a');
  const dockerfile = 'FROM scratch\nCOPY a /\nWORKDIR /w\n';
  await scratch.build(dockerfile);
  await scratch.build(dockerfile, { noCache: true });
  expect(scratch.ran()).toContain('COPY a /');
});

test.for<[what: string, damage: (file: string) => void]>([
  [
    'of which a byte is wrong',
    (file) =>
      writeFileSync(
        file,
        readFileSync(file).map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
      ),
  ],
  ['that was cut', (file) => truncateSync(file, 30)],
  ['that is gone', (file) => rmSync(file)],
])('build() begins again without a file of the store %s, and says so', async ([, damage]) => {
  using scratch = scratchContext('a', 'b');
  const dockerfile = 'FROM scratch AS one\nCOPY a b /\nFROM scratch\nCOPY --from=one /a /x\n';
  const layout = scratch.at('../layout');
  // The files need the index of the last layer, whichever file was damaged before.
  const output = [{ type: 'oci', dest: layout, tar: false } as const, { type: 'local', dest: scratch.at('../files') } as const];
  await scratch.build(dockerfile, { outputs: output });
  const { root } = scratch.store.paths;
  const files = ['index', 'records/layer', 'blobs/sha256'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(root, folder, name)),
  );
  expect(files.length).toBeGreaterThanOrEqual(8);
  let repaired = 0;
  for (const file of files) {
    if (!existsSync(file)) continue; // of a layer that was made anew
    damage(file);
    rmSync(layout, { recursive: true });
    await scratch.build(dockerfile, { outputs: output });
    expect(readFileSync(scratch.at('../files/x'), 'utf8')).toBe('a');
    for (const name of readdirSync(join(layout, 'blobs/sha256')))
      expect(
        createHash('sha256')
          .update(readFileSync(join(layout, 'blobs/sha256', name)))
          .digest('hex'),
        file,
      ).toBe(name);
    repaired += scratch.events.filter((event) => event.kind === 'warning' && event.code === 'STORE_REPAIRED').length;
  }
  expect(repaired).toBeGreaterThan(0);
});

test('build() after one file changed reads that file alone, and gives the image of a build from nothing', async () => {
  const names = Array.from({ length: 40 }, (_, at) => `src/f${at}`);
  using scratch = scratchContext(...names);
  const change = (at: number, text: string): void => scratch.write(names[at] as string, text.repeat(50_000));
  for (const at of names.keys()) change(at, `${at}`);
  const dockerfile = 'FROM scratch\nCOPY src /src\n';
  const blobs = (): Map<string, number> => {
    const folder = join(scratch.store.paths.root, 'blobs/sha256');
    return new Map(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size]));
  };
  const cacheOnly = { outputs: [{ type: 'cacheonly' }] } as const;
  await scratch.build(dockerfile, cacheOnly);
  for (const word of ['one', 'two', 'three']) {
    const before = blobs();
    change(7, word);
    rmSync(scratch.at(names[8] as string), { force: true });
    scratch.write(`src/new-${word}`, word);
    await scratch.build(dockerfile, cacheOnly);
    expect(scratch.ran()).toEqual(['COPY src /src']);
    const added = [...blobs()].filter(([name]) => !before.has(name)).reduce((sum, [, size]) => sum + size, 0);
    expect(added).toBeGreaterThan(word.length * 50_000);
    expect(added).toBeLessThan(word.length * 50_000 + 20_000);
  }
  const files = async (more: BuildOptions): Promise<unknown> => {
    const dest = scratch.at('../files');
    rmSync(dest, { recursive: true, force: true });
    await scratch.build(dockerfile, { ...more, outputs: [{ type: 'local', dest }] });
    return readdirSync(join(dest, 'src')).map((name) => [name, readFileSync(join(dest, 'src', name), 'utf8')]);
  };
  const reused = await files({});
  expect(scratch.ran()).toEqual([]);
  expect(reused).toEqual(await files({ noCache: true }));
});

test('SEM-03 build() never looks at what the target does not need', async () => {
  using scratch = scratchContext('a');
  const dockerfile = 'FROM no.such.host.invalid/image AS unneeded\nCOPY no-such-file /\n\nFROM scratch\nCOPY a /\n';
  const result = await scratch.build(dockerfile);
  expect(result.skippedStages).toEqual(['unneeded']);
});

test.for<[what: string, options: BuildOptions, code: string]>([
  ['to standard output that was not given', { outputs: [{ type: 'tar', dest: '-' }] }, 'BUILD_BAD_OUTPUT'],
  [
    'twice to standard output',
    {
      outputs: [
        { type: 'tar', dest: '-' },
        { type: 'oci', dest: '-' },
      ],
      stdout: new PassThrough(),
    },
    'BUILD_BAD_OUTPUT',
  ],
  ['of a directory to standard output', { outputs: [{ type: 'local', dest: '-' }] }, 'BUILD_BAD_OUTPUT'],
  ['to a directory', { outputs: [{ type: 'oci', dest: '/' }] }, 'BUILD_BAD_OUTPUT'],
  ['to no directory', { outputs: [{ type: 'docker', dest: '/no/such/directory/file' }] }, 'BUILD_BAD_OUTPUT'],
  ['to a registry without a name', { outputs: [{ type: 'image', push: true }] }, 'BUILD_BAD_OUTPUT'],
  ['under a bad name', { tags: ['UPPER'] }, 'OCI_BAD_REFERENCE'],
  ['under a name with a digest', { tags: [`app@sha256:${'0'.repeat(64)}`] }, 'BUILD_BAD_NAME'],
])('build() refuses an output %s before it does anything', async ([, options, code]) => {
  using scratch = scratchContext('a');
  await expect(scratch.build('FROM scratch\nCOPY a /\n', options)).rejects.toMatchObject({ code });
  expect(scratch.events).toEqual([]);
});

test('build() writes every output that is asked for, and names each image once', async () => {
  using scratch = scratchContext('a');
  const out = scratch.at('../out');
  const result = await scratch.build('FROM scratch\nCOPY a /\n', {
    tags: ['app:1', 'docker.io/library/app:1', 'app:2'],
    outputs: [
      { type: 'image' },
      { type: 'local', dest: out },
      { type: 'oci', dest: `${out}.tar`, names: [] },
      { type: 'cacheonly' },
    ],
  });
  expect(result.names).toEqual(['docker.io/library/app:1', 'docker.io/library/app:2']);
  expect(readdirSync(out)).toEqual(['a']);
  expect(readFileSync(`${out}.tar`).length).toBeGreaterThan(1000);
});

test('build() that is stopped says so, whatever the reason was', async () => {
  using scratch = scratchContext('a');
  const stopped = scratch.build('FROM scratch\nCOPY a /\n', { signal: AbortSignal.abort() });
  await expect(stopped).rejects.toMatchObject({ code: 'BUILD_CANCELLED', class: 'cancelled' });
});

test('build() throws nothing but typed errors', async () => {
  using scratch = scratchContext('a');
  rmSync(scratch.at('.'), { recursive: true });
  await expect(scratch.build('FROM scratch\n')).rejects.toMatchObject({ code: 'BUILD_BAD_CONTEXT' });
  scratch.write('a');
  const engine = { root: scratch.at('a') };
  await expect(scratch.build('FROM scratch\nCOPY a /\n', { engine })).rejects.toMatchObject({ name: 'SlipwayError' });
});

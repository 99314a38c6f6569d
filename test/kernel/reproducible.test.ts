import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { build, type LayoutOutput, type Output } from '../../src/index.ts';
import { type Image, openImage } from '../support/oci-image.ts';
import { readTar } from '../support/read-tar.ts';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { command, repository } from './support/slipway.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => builder[Symbol.dispose]());

const epoch = 1_600_000_000; // 2020-09-13T12:26:40Z
const epochText = '2020-09-13T12:26:40Z';
const dockerfile = `FROM base-image
ARG SOURCE_DATE_EPOCH
RUN mkdir /made && echo "$SOURCE_DATE_EPOCH" > /made/by-run && ln /made/by-run /made/link && touch -d @1000 /made/early
WORKDIR /work/dir
COPY . /app/
ENV A=1`;

interface Wanted {
  readonly outputs: readonly Output[];
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly context?: string;
  readonly text?: string;
  readonly reproducible?: boolean;
}

async function built({ context = builder.context({ a: 'a', 'd/b': 'b' }), text = dockerfile, ...more }: Wanted): Promise<string> {
  await build({ dockerfile: text, context, engine: builder.engine, ...more });
  return context;
}

async function imageOf(more: Omit<Wanted, 'outputs'>, output: Partial<LayoutOutput> = {}): Promise<Image> {
  const dest = mkdtempSync(join(builder.scratch, 'layout-'));
  await built({ outputs: [{ type: 'oci', dest, tar: false, ...output }], ...more });
  return openImage(dest);
}

/** Times of the build's own layers, by path. */
function timesOf(image: Image): Record<string, number> {
  const layers = image.manifest.layers.map((_, index) => index).slice(1);
  return Object.fromEntries(layers.flatMap((index) => image.layer(index).map(({ path, mtimeSec }) => [path, mtimeSec])));
}

const own = (image: Image): readonly { created?: string }[] => (image.config.history as { created?: string }[]).slice(1);

kernel.test('IMG-13 SOURCE_DATE_EPOCH is what the image says of its time, and what WORKDIR gives its directories', async () => {
  const image = await imageOf({ buildArgs: { SOURCE_DATE_EPOCH: String(epoch) } });
  expect(image.config['created']).toBe(epochText);
  expect(new Set(own(image).map(({ created }) => created))).toEqual(new Set([epochText]));
  expect(image.config.history?.[0]).toMatchObject({ created: '1970-01-01T00:00:00Z' });
  expect(image.file('/made/by-run')?.toString()).toBe(`${epoch}\n`);
  expect(image.annotations['org.opencontainers.image.created']).toBe(epochText);
  const times = timesOf(image);
  expect([times['work'], times['work/dir']]).toEqual([epoch, epoch]);
  expect(times['made/by-run']).toBeGreaterThan(epoch);
});

kernel.test('an output may have a time of its own, or none', async () => {
  const buildArgs = { SOURCE_DATE_EPOCH: String(epoch) };
  const other = await imageOf({ buildArgs }, { sourceDateEpoch: 5, rewriteTimestamp: true });
  expect(other.config['created']).toBe('1970-01-01T00:00:05Z');
  expect(timesOf(other)['made/early']).toBe(5);
  const none = await imageOf({}, { rewriteTimestamp: true });
  expect(timesOf(none)['made/by-run']).toBeGreaterThan(epoch);
  const events: string[] = [];
  await build({
    dockerfile: 'FROM base-image',
    outputs: [{ type: 'oci', dest: join(builder.scratch, 'unset.tar'), rewriteTimestamp: true }],
    context: builder.context(),
    engine: builder.engine,
    onEvent: (event) => void (event.kind === 'warning' && events.push(event.message)),
  });
  expect(events).toContain('rewrite-timestamp is specified, but no source-date-epoch was found');
});

kernel.test('IMG-14 SOURCE_DATE_EPOCH=context is the time of the commit; what is no time is refused', async () => {
  const context = builder.context({ a: 'a', 'sub/Dockerfile': '' });
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', context, '-c', 'user.name=n', '-c', 'user.email=e', ...args], {
      encoding: 'utf8',
      env: { ...process.env, GIT_COMMITTER_DATE: `@${epoch} +0300`, GIT_AUTHOR_DATE: '@7 +0000' },
    });
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'first');
  const text = 'FROM base-image\nCOPY . /app/';
  for (const directory of [context, join(context, 'sub')]) {
    const image = await imageOf({ text, context: directory, buildArgs: { SOURCE_DATE_EPOCH: 'context' } });
    expect(image.config['created']).toBe(epochText);
  }
  const reproducible = await imageOf({ text, context, reproducible: true });
  expect([reproducible.config['created'], timesOf(reproducible)['app/a']]).toEqual([epochText, epoch]);
  const { error } = await builder.fail('FROM base-image', { buildArgs: { SOURCE_DATE_EPOCH: 'yesterday' } });
  expect(error).toMatchObject({ code: 'FE_BAD_EPOCH', message: 'invalid SOURCE_DATE_EPOCH: yesterday', class: 'input' });
});

kernel.test('IMG-15 rewrite-timestamp limits the times of new layers and leaves those of the base alone', async () => {
  const buildArgs = { SOURCE_DATE_EPOCH: String(epoch) };
  const plain = await imageOf({ buildArgs });
  const image = await imageOf({ buildArgs }, { rewriteTimestamp: true });
  expect(image.manifest.layers[0]).toEqual(plain.manifest.layers[0]);
  const times = timesOf(image);
  expect(Math.max(...Object.values(times))).toBe(epoch);
  expect([times['made/early'], times['made/by-run'], times['made/link'], times['app/a']]).toEqual([1000, epoch, epoch, epoch]);
  expect([...image.tree()]).toEqual([...plain.tree()]);

  const context = builder.context({ a: 'a', 'd/b': 'b' });
  const digests = [];
  for (const mtime of [epoch + 5, epoch + 50_000]) {
    for (const path of ['a', 'd/b', 'd', '']) utimesSync(join(context, path), mtime, mtime);
    const dest = mkdtempSync(join(builder.scratch, 'again-'));
    const outputs = [{ type: 'oci', dest, tar: false, rewriteTimestamp: true }] as const;
    await build({ dockerfile, context, buildArgs, outputs, noCache: true, engine: builder.engine });
    digests.push(openImage(dest).manifestDigest);
  }
  expect(digests[0]).toBe(digests[1]);
});

kernel.test('files that leave an image for a directory or a tar have the time of the sources', async () => {
  const buildArgs = { SOURCE_DATE_EPOCH: String(epoch) };
  const [local, tar, off] = ['local', 'files.tar', 'off.tar'].map((name) => join(builder.scratch, name)) as [
    string,
    string,
    string,
  ];
  await built({
    buildArgs,
    outputs: [
      { type: 'local', dest: local },
      { type: 'tar', dest: tar },
      { type: 'tar', dest: off, sourceDateEpoch: null },
    ],
  });
  for (const path of ['made/by-run', 'app', 'bin/sh']) expect(lstatSync(join(local, path)).mtimeMs).toBe(epoch * 1000);
  expect(new Set([...readTar(readFileSync(tar))].map(({ mtimeSec }) => mtimeSec))).toEqual(new Set([epoch]));
  expect(new Set([...readTar(readFileSync(off))].map(({ mtimeSec }) => mtimeSec)).size).toBeGreaterThan(2);
});

kernel.test('--reproducible gives one archive, whatever the umask, time zone, language, place and age of the files', async () => {
  const base = join(builder.scratch, 'base');
  await build({
    dockerfile: 'FROM base-image',
    context: builder.context(),
    outputs: [{ type: 'oci', dest: base, tar: false, names: ['base:1'] }],
    engine: builder.engine,
  });
  const text = `${dockerfile.replace('base-image', 'base')}\nRUN umask; mkdir -p /by/umask; date > /dev/null\n`;
  const archives: Buffer[] = [];
  for (const [index, umask] of ['022', '077'].entries()) {
    const context = builder.context({ a: 'a', 'd/b': 'b', Dockerfile: text });
    for (const path of ['a', 'Dockerfile', 'd/b']) chmodSync(join(context, path), 0o644);
    chmodSync(join(context, 'd'), 0o755);
    const mtime = epoch + index * 86_400;
    for (const path of ['a', 'd/b', 'Dockerfile', 'd', '']) utimesSync(join(context, path), mtime, mtime);
    const temporary = join(builder.scratch, `temporary ${index}`);
    mkdirSync(temporary, { recursive: true });
    const archive = join(builder.scratch, `reproducible-${index}.tar`);
    const line = `umask ${umask}; exec "$0" build --reproducible --build-context base=oci-layout://${base}:1 -o type=oci,dest=${archive} "$1"`;
    const run = await command('sh', ['-c', line, join(repository, 'bin/slipway'), index === 0 ? '.' : context], {
      cwd: index === 0 ? context : '/',
      env: {
        SLIPWAY_ROOT: join(builder.scratch, `store-${index}`),
        TMPDIR: temporary,
        TZ: index === 0 ? 'UTC' : 'Asia/Kathmandu',
        LC_ALL: index === 0 ? 'C' : 'de_DE.UTF-8',
        HOME: temporary,
        SOURCE_DATE_EPOCH: '',
      },
    });
    expect(run.code, run.all).toBe(0);
    archives.push(readFileSync(archive));
  }
  expect(archives[0]?.equals(archives[1] ?? Buffer.alloc(0))).toBe(true);
  expect(openImage(join(builder.scratch, 'reproducible-0.tar')).config['created']).toBe('1970-01-01T00:00:00Z');
});

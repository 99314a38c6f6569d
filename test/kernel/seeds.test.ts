import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Image, openImage } from '../support/oci-image.ts';
import type { RegistryServer } from './support/docker-registry.ts';
import { needs } from './support/needs.ts';
import { fillRelease, moveComments, readSeeds, seedFolder } from './support/seeds.ts';
import { type BuildRun, repository, Slipway } from './support/slipway.ts';
import { mirrored, standinRegistry } from './support/standins.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime', 'registry');
const seeds = readSeeds();
const scratch = mkdtempSync(join(tmpdir(), 'slipway-seeds-'));
const like = join(repository, 'testdata/seeds-like');

let registry: Promise<RegistryServer> | undefined;
let slipway: Promise<Slipway> | undefined;
afterAll(async () => {
  await (await registry?.catch(() => undefined))?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

/** One store for all of this file: base images are fetched once. */
function theSlipway(): Promise<Slipway> {
  registry ??= standinRegistry();
  slipway ??= registry.then((server) => new Slipway(join(scratch, 'store'), mirrored(server)));
  return slipway;
}

/** A copy of a context of ours with `dockerfile` in it, for a test to change. */
function contextOf(name: string, dockerfile: string, source: string): string {
  const path = join(scratch, name);
  cpSync(source, path, { recursive: true });
  writeFileSync(join(path, 'Dockerfile'), dockerfile);
  return path;
}

async function toOci(context: string, ...args: readonly string[]): Promise<{ run: BuildRun; image: Image }> {
  const dest = join(
    scratch,
    `image-${createHash('sha256')
      .update(JSON.stringify([context, args]))
      .digest('hex')
      .slice(0, 8)}.tar`,
  );
  const run = await (await theSlipway()).built(['-o', `type=oci,dest=${dest}`, ...args, context]);
  return { run, image: openImage(dest) };
}

function replaceIn(path: string, from: string, to: string): void {
  const before = readFileSync(path, 'utf8');
  if (!before.includes(from)) throw new Error(`${path} has no ${from}`);
  writeFileSync(path, before.replaceAll(from, to));
}

const instructions = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => /^\[[^\]]* \d+\/\d+\] ((?:RUN|COPY|ADD|WORKDIR) .*)$/s.exec(name)?.[1] ?? []);

/** A PATH with nothing on it but node: no runtime, so that no container can be started. */
function pathWithoutRuntime(): string {
  const folder = join(scratch, 'only-node');
  mkdirSync(folder, { recursive: true });
  try {
    symlinkSync(process.execPath, join(folder, 'node'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return folder;
}

/** Each Dockerfile as it was printed, where it is at hand, and ours of the same shape. */
function variants(printed: string | undefined, folder: string): readonly (readonly [string, string | undefined, string])[] {
  const ours = join(like, folder);
  return [
    ['of the same shape', readFileSync(join(ours, 'Dockerfile'), 'utf8'), ours],
    ['as printed', printed, ours],
  ];
}

/** Tests on Dockerfiles that are not at hand here. */
const absent: string[] = [];
afterAll(() => {
  if (absent.length > 0)
    process.stderr.write(`not proved (there is no ${seedFolder}):\n${absent.map((name) => `  ${name}\n`).join('')}`);
});

/** A test on a Dockerfile that may not be at hand here; then it is skipped, saying so. */
function seedTest(name: string, dockerfile: string | undefined, work: (dockerfile: string) => Promise<void>): void {
  if (dockerfile !== undefined) return kernel.test(name, () => work(dockerfile));
  test(name, ({ skip }) => {
    absent.push(name);
    skip(`there is no ${seedFolder}`);
  });
}

describe.for(variants(seeds?.hrefCounter, 'link-counter'))('COPY --from=0 (%s)', ([kind, dockerfile, ours]) => {
  const context = (): string => contextOf(`links ${kind}`, dockerfile ?? '', ours);

  seedTest(
    'DF-COPY-23 DF-LEX-15 build() takes files from a stage by its index, whatever the syntax line says',
    dockerfile,
    async () => {
      const { run, image } = await toOci(context());
      expect(instructions(run.ran).filter((text) => text.startsWith('COPY --from=0'))).toHaveLength(1);
      expect(run.events.filter((event) => event.name?.includes('docker/dockerfile'))).toEqual([]);
      const program = [...image.tree()].filter(([path, node]) => /^(root\/app|opt\/links)$/.test(path) && node.mode === '0755');
      expect(program).toHaveLength(1);
      expect(image.file('/etc/ssl/certs/ca-certificates.crt')?.toString()).toContain('BEGIN CERTIFICATE');
      expect([...image.tree().keys()].filter((path) => path.startsWith('usr/local/go') || path.startsWith('go/'))).toEqual([]);
    },
  );

  seedTest('slipway run starts what it built, on the network of the machine', dockerfile, async () => {
    const server = createServer((_, response) => response.end('<a href="/">one</a><a href="/">two</a><a href="/">three</a>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const cli = await theSlipway();
      await cli.built(['-t', 'links', context()]);
      const { port } = server.address() as AddressInfo;
      const result = await cli.call(['run', '-e', `url=http://127.0.0.1:${port}/`, 'links']);
      expect(result.stdout, result.all).toBe('links: 3\n');
      expect((await cli.call(['run', 'links'])).stdout).toBe('links: 2\n');
    } finally {
      server.close();
    }
  });
});

/** Ours has other names than the printed one; the fillings of the printed one are ours under its names. */
function releaseContext(name: string, dockerfile: string): string {
  const context = contextOf(name, dockerfile, join(like, 'release-test'));
  if (!dockerfile.includes('binary0')) return context;
  for (const [from, to] of [
    ['zero', 'binary0'],
    ['one', 'binary1'],
  ] as const) {
    cpSync(join(context, from), join(context, to), { recursive: true });
    rmSync(join(context, from), { recursive: true });
  }
  replaceIn(join(context, 'binary1/main.go'), '/bin/zero', '/bin/binary0');
  replaceIn(join(context, 'release_test.go'), '/bin/zero', '/bin/binary0');
  replaceIn(join(context, 'release_test.go'), '/bin/one', '/bin/binary1');
  return context;
}

const release = seeds === undefined ? undefined : fillRelease(seeds.release);
describe.for(variants(release, 'release-test'))('release, dev-env, test, FROM release (%s)', ([kind, dockerfile]) => {
  const context = (name: string): string => releaseContext(`release ${kind} ${name}`, dockerfile ?? '');
  const programs = (image: Image): readonly string[] =>
    [...image.tree().keys()].filter((path) => /^bin\/[a-z0-9]+$/.test(path)).sort();

  seedTest(
    'DF-FROM-04 SEM-01 SEM-22 build() of the last stage `FROM release` is the very image of --target release',
    dockerfile,
    async () => {
      const folder = context('default');
      const whole = await toOci(folder);
      const release = await toOci(folder, '--target', 'release');
      expect(release.image.manifestDigest).toBe(whole.image.manifestDigest);
      expect(programs(whole.image)).toHaveLength(2);
      expect(whole.run.events.find((event) => event.kind === 'stages-skipped')?.stages?.map((stage) => stage.name)).toEqual([
        'dev-env',
        'test',
      ]);
    },
  );

  seedTest('build() --target test tests the very files that ship', dockerfile, async () => {
    const folder = context('test');
    const { image } = await toOci(folder);
    const run = await (await theSlipway()).built(['--no-cache', '--target', 'test', folder]);
    const tested = [...run.log.matchAll(/^tested \/(\S+) (sha256:[0-9a-f]{64})$/gm)].map(
      ([, path, digest]) => `${path} ${digest}`,
    );
    expect(tested.sort()).toEqual(programs(image).map((path) => `${path} ${image.tree().get(path)?.content}`));
  });

  seedTest('DF-MISC-14 build() --target dev-env is the release with a shell', dockerfile, async () => {
    const folder = context('dev');
    const { image } = await toOci(folder, '--target', 'dev-env');
    await (await theSlipway()).built(['-t', 'dev', '--target', 'dev-env', folder]);
    expect(image.config.config?.['Entrypoint']).toEqual(['ash']);
    expect(image.config.config?.['Cmd']).toBeUndefined();
    const program = programs((await toOci(folder)).image).at(-1) ?? '';
    const result = await (await theSlipway()).call(['run', 'dev', '-c', `/${program}; type go`]);
    expect(result.code, result.all).toBe(0);
  });
});

describe('staging and production (as printed)', () => {
  seedTest(
    'build() says that words after # at the end of a line are no comment, and where',
    seeds?.staging,
    async (dockerfile) => {
      const folder = contextOf('printed', dockerfile, join(like, 'staging-production'));
      const line = dockerfile.split('\n').findIndex((text) => /^FROM .* #/.test(text)) + 1;
      expect(line).toBeGreaterThan(0);
      const cli = await theSlipway();
      const run = await cli.build([folder]);
      expect(run.code, run.all).toBe(2);
      const error = run.events.find((event) => event.kind === 'step-failed')?.error;
      expect(error).toMatchObject({ code: 'DF_TRAILING_COMMENT', at: { start: { line } } });
      expect(instructions(run.ran)).toEqual([]);
      const shown = await cli.call(['build', '--progress', 'plain', folder]);
      expect(shown.stderr).toMatch(/comment must stand on its own line/);
      expect(shown.stderr).toContain(`Dockerfile:${line}:`);
      expect(shown.stderr).toMatch(/hint: move the comment/);
    },
  );
});

const staging = seeds === undefined ? undefined : moveComments(seeds.staging);
describe.for(variants(staging, 'staging-production'))('staging and production (%s)', ([kind, dockerfile, ours]) => {
  // What one test made must not be what another one finds in the cache.
  const context = (name: string): string => {
    const folder = contextOf(`staging ${kind} ${name}`, dockerfile ?? '', ours);
    appendFileSync(join(folder, 'Gopkg.lock'), `\n# ${kind}, ${name}\n`);
    return folder;
  };

  seedTest(
    'DF-COPY-01 DF-MISC-09 build() brings the certificates and the program into the image that ships',
    dockerfile,
    async () => {
      const folder = context('build');
      const { image } = await toOci(folder);
      await (await theSlipway()).built(['-t', 'project', folder]);
      expect(image.config.config).toMatchObject({ WorkingDir: '/app', ExposedPorts: { '80/tcp': {} } });
      expect(image.file('/etc/ssl/certs/ca-certificates.crt')?.toString()).toContain('BEGIN CERTIFICATE');
      const result = await (await theSlipway()).call(['run', '--entrypoint', '/app/project', 'project']);
      expect(result.stdout, result.all).toBe('title: Project\ntrusts some: true\n');
    },
  );

  /** Build once, change something, build again: the instructions that ran the second time. */
  async function ranAfter(name: string, change: (folder: string) => void): Promise<readonly string[]> {
    const folder = context(name);
    const cli = await theSlipway();
    await cli.built([folder]);
    change(folder);
    const again = await cli.built([folder]);
    expect(again.cached.length).toBeGreaterThan(0);
    return instructions(again.ran);
  }

  seedTest('SEM-07 SEM-24 build() a second time is cached as a whole, and needs no runtime for it', dockerfile, async () => {
    const folder = context('twice');
    const cli = await theSlipway();
    await cli.built([folder]);
    const metadata = join(folder, '../metadata.json');
    const again = await cli.built(['--metadata-file', metadata, folder], { env: { PATH: pathWithoutRuntime() } });
    expect(instructions(again.ran)).toEqual([]);
    expect((JSON.parse(readFileSync(metadata, 'utf8')) as { 'slipway.result': unknown })['slipway.result']).toMatchObject({
      steps: { ran: 0 },
    });
  });

  const afterSources = [/^COPY \. /, /^RUN go build /, /^COPY --from=staging \/bin\/project /];
  seedTest(
    'SEM-09 build() after a change of a source runs what follows `COPY .` again, and nothing before it',
    dockerfile,
    async () => {
      const ran = await ranAfter('source', (folder) => replaceIn(join(folder, 'main.go'), '"title:"', `"title of ${kind}:"`));
      expect(ran).toEqual(afterSources.map((pattern) => expect.stringMatching(pattern) as unknown));
    },
  );

  seedTest('SEM-09 build() after a change of Gopkg.lock runs again from there', dockerfile, async () => {
    const ran = await ranAfter('lock', (folder) => appendFileSync(join(folder, 'Gopkg.lock'), '\n# another line\n'));
    expect(ran.slice(0, 3)).toEqual(
      [/^COPY Gopkg/, /^WORKDIR /, /^RUN dep /].map((pattern) => expect.stringMatching(pattern) as unknown),
    );
    expect(ran.filter((text) => /^RUN (apk|go get)/.test(text))).toEqual([]);
  });

  seedTest('SEM-08 build() after a touch runs nothing', dockerfile, async () => {
    const ran = await ranAfter('touch', (folder) => {
      const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      expect(names.length).toBeGreaterThan(3);
      for (const name of names) utimesSync(join(folder, name), 2e9, 2e9);
    });
    expect(ran).toEqual([]);
  });

  seedTest('SEM-13 build() after a change of a comment runs nothing', dockerfile, async () => {
    // The Dockerfile is part of `COPY .`, so it is kept beside the context here.
    const folder = context('comment');
    const outside = join(dirname(folder), `comment ${kind}.Dockerfile`);
    cpSync(join(folder, 'Dockerfile'), outside);
    const cli = await theSlipway();
    await cli.built(['-f', outside, folder]);
    writeFileSync(outside, readFileSync(outside, 'utf8').replace(/^#.*/gm, '# other words'));
    expect(instructions((await cli.built(['-f', outside, folder])).ran)).toEqual([]);
  });
});

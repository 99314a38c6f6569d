import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RegistryServer } from '../kernel/support/docker-registry.ts';
import { fillRelease, moveComments, readSeeds } from '../kernel/support/seeds.ts';
import { repository, Slipway, succeed } from '../kernel/support/slipway.ts';
import { mirrored, standinRegistry } from '../kernel/support/standins.ts';
import { compareImages } from '../support/compare-images.ts';
import { type Image, openImage } from '../support/oci-image.ts';

const peers = process.env['SLIPWAY_PEERS'] ?? '';
const scratch = mkdtempSync(join(tmpdir(), 'slipway-peers-'));

let registry: Promise<RegistryServer> | undefined;
afterAll(async () => {
  await (await registry?.catch(() => undefined))?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});
function theRegistry(): Promise<RegistryServer> {
  registry ??= standinRegistry();
  return registry;
}

interface Case {
  readonly name: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly args?: readonly string[];
}

const inFolder = (folder: string, ...args: readonly string[]): Case => ({
  name: [basename(folder), ...args].join(' '),
  dockerfile: readFileSync(join(repository, folder, 'Dockerfile'), 'utf8'),
  context: join(repository, folder),
  args,
});
const seeds = readSeeds();
const like = join(repository, 'testdata/seeds-like');
const cases: readonly Case[] = [
  inFolder('examples/c'),
  inFolder('examples/go'),
  inFolder('examples/node'),
  inFolder('examples/release-test'),
  inFolder('examples/release-test', '--target', 'dev-env'),
  inFolder('testdata/seeds-like/link-counter'),
  inFolder('testdata/seeds-like/staging-production'),
  inFolder('testdata/seeds-like/release-test'),
  ...(seeds === undefined
    ? []
    : [
        { name: 'href-counter, as printed', dockerfile: seeds.hrefCounter, context: join(like, 'link-counter') },
        { name: 'staging, comments moved', dockerfile: moveComments(seeds.staging), context: join(like, 'staging-production') },
      ]),
];

test('the release pattern is at hand in a form that can be built', () => {
  if (seeds !== undefined) expect(fillRelease(seeds.release)).toContain('FROM release');
});

/** What Buildah does otherwise, in all images: it keeps no ArgsEscaped, and cuts the slash at the end of WORKDIR. */
const buildahsConfig = ['ArgsEscaped', 'WorkingDir'];
/** `COPY --chown` onto a directory that is there gives it the owner too, in Buildah only. */
const buildahsOwners = [/^app$/];

/** The Dockerfile for a builder that would fetch its frontend from the network: lines keep their numbers. */
function withoutSyntax(each: Case, change: (dockerfile: string) => string = (dockerfile) => dockerfile): string {
  const path = join(scratch, `${cases.indexOf(each)}.Dockerfile`);
  writeFileSync(path, change(each.dockerfile.replace(/^# syntax=.*/m, '#')));
  const ignore = join(each.context, '.dockerignore');
  if (existsSync(ignore)) writeFileSync(`${path}.dockerignore`, readFileSync(ignore));
  return path;
}

/** Buildah looks for a named context before it has expanded the name. */
function withVersion(text: string): string {
  return text.replaceAll('${NODE_VERSION}', '20');
}

/** `--build-context` for each base image, so that every builder starts from the same bytes. */
function bases(each: Case, host: string): readonly string[] {
  const stages = new Set([...each.dockerfile.matchAll(/^FROM \S+ AS (\S+)/gim)].map(([, name]) => name));
  const names = [...each.dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, name = '']) => withVersion(name));
  const images = [...new Set(names)].filter((name) => name !== 'scratch' && !stages.has(name));
  return images.flatMap((name) => {
    const tagged = name.includes(':') ? name : `${name}:latest`;
    return ['--build-context', `${name}=docker-image://${host}/library/${tagged}`];
  });
}

async function bySlipway(each: Case): Promise<Image> {
  const dest = join(scratch, `${cases.indexOf(each)}.slipway.tar`);
  const slipway = new Slipway(join(scratch, 'store'), mirrored(await theRegistry()));
  await slipway.built([...(each.args ?? []), '-f', withoutSyntax(each), '-o', `type=oci,dest=${dest}`, each.context]);
  return openImage(dest);
}

async function byBuildKit(each: Case): Promise<Image> {
  const dest = join(scratch, `${cases.indexOf(each)}.buildkit.tar`);
  const named = bases(each, (await theRegistry()).host);
  const args = ['buildx', 'build', '--network=host', '--provenance=false', ...named, ...(each.args ?? [])];
  await succeed(join(peers, 'docker'), [...args, '-f', withoutSyntax(each), '-o', `type=oci,dest=${dest}`, each.context]);
  return openImage(dest);
}

async function byBuildah(each: Case): Promise<Image> {
  const dest = join(scratch, `${cases.indexOf(each)}.buildah`);
  const named = bases(each, (await theRegistry()).host);
  const name = `localhost/slipway-peers:${cases.indexOf(each)}`;
  const buildah = join(peers, 'buildah');
  const ignore = existsSync(join(each.context, '.dockerignore')) ? ['--ignorefile', join(each.context, '.dockerignore')] : [];
  const args = ['bud', '--layers', '--identity-label=false', '--tls-verify=false', ...ignore, ...named, ...(each.args ?? [])];
  await succeed(buildah, [...args, '-f', withoutSyntax(each, withVersion), '-t', name, each.context]);
  try {
    await succeed(buildah, ['push', '-q', name, `oci:${dest}:image`]);
  } finally {
    await succeed(buildah, ['rmi', '-f', name]);
  }
  return openImage(dest);
}

for (const each of cases) {
  test(`build() of ${each.name} makes the image that BuildKit makes`, async ({ skip }) => {
    if (!existsSync(join(peers, 'docker'))) skip(`there is no ${peers}/docker: set SLIPWAY_PEERS`);
    const [ours, theirs] = [await bySlipway(each), await byBuildKit(each)];
    expect(ours.tree().size).toBeGreaterThan(0);
    expect(compareImages(ours, theirs).slice(0, 20)).toEqual([]);
  });

  // Buildah counts layers otherwise (WORKDIR makes none) and words its history otherwise.
  test(`build() of ${each.name} has the files and the config of Buildah's image`, async ({ skip }) => {
    if (!existsSync(join(peers, 'buildah'))) skip(`there is no ${peers}/buildah: set SLIPWAY_PEERS`);
    const [ours, theirs] = [await bySlipway(each), await byBuildah(each)];
    expect(ours.tree().size).toBeGreaterThan(0);
    const otherwise = { layers: false, history: false, ignoreConfig: buildahsConfig, ignorePaths: buildahsOwners };
    expect(compareImages(ours, theirs, otherwise).slice(0, 20)).toEqual([]);
  });
}

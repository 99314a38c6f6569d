import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compareImages } from '../support/compare-images.ts';
import { openImage } from '../support/oci-image.ts';
import type { RegistryServer } from './support/docker-registry.ts';
import { needs } from './support/needs.ts';
import { repository, Slipway, succeed } from './support/slipway.ts';
import { mirrored, standinRegistry } from './support/standins.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime', 'registry');
const scratch = mkdtempSync(join(tmpdir(), 'slipway-examples-'));
const folder = join(repository, 'examples');

let registry: Promise<RegistryServer> | undefined;
let slipway: Promise<Slipway> | undefined;
afterAll(async () => {
  await (await registry?.catch(() => undefined))?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

function theSlipway(): Promise<Slipway> {
  registry ??= standinRegistry();
  slipway ??= registry.then((server) => new Slipway(join(scratch, 'store'), mirrored(server)));
  return slipway;
}

interface Example {
  readonly name: string;
  readonly says: RegExp;
  /** Files of the image besides the base's; '' in front of a folder's name says that the base is `scratch`. */
  readonly files: readonly string[];
  readonly scratch: boolean;
  readonly stagesLeftOut: readonly string[];
}

const examples: readonly Example[] = [
  { name: 'c', says: /^2 3 5 7 .*\n15 primes up to 50\n$/, files: ['bin/primes'], scratch: true, stagesLeftOut: ['test'] },
  { name: 'go', says: /\/inventory\n1 file\(s\) of this image\n$/, files: ['inventory'], scratch: true, stagesLeftOut: ['test'] },
  { name: 'node', says: /^\+-+\+\n\| A program in one file/, files: ['app/app.mjs'], scratch: false, stagesLeftOut: ['test'] },
  {
    name: 'release-test',
    says: /^\{"result":49\}\n$/,
    files: ['bin/api', 'bin/worker'],
    scratch: true,
    stagesLeftOut: ['dev-env', 'test'],
  },
];

test('every example has a row here', () => {
  expect(examples.map((example) => example.name)).toEqual(readdirSync(folder).sort());
});

for (const example of examples) {
  const context = join(folder, example.name);
  const image = `examples/${example.name}`;

  kernel.test(`build() of examples/${example.name} ships only what runs, and it runs`, async () => {
    const cli = await theSlipway();
    const dest = join(scratch, `${example.name}.oci.tar`);
    const run = await cli.built(['-t', image, '-o', 'type=image', '-o', `type=oci,dest=${dest}`, context]);
    expect(run.events.find((event) => event.kind === 'stages-skipped')?.stages?.map((stage) => stage.name)).toEqual(
      example.stagesLeftOut,
    );
    const built = openImage(dest);
    const files = [...built.tree()].filter(([, node]) => node.type === 'file').map(([path]) => path);
    expect(files).toEqual(expect.arrayContaining([...example.files]));
    if (example.scratch) expect(files.sort()).toEqual(example.files);
    const result = await cli.call(['run', image]);
    expect(result.stdout, result.all).toMatch(example.says);
    expect(result.code, result.all).toBe(0);
  });

  kernel.test(`EXP-05 skopeo and umoci take the OCI layout of examples/${example.name}`, async () => {
    const cli = await theSlipway();
    const tar = join(scratch, `${example.name}.layout.tar`);
    const layout = join(scratch, `${example.name}.layout`);
    await cli.built(['-o', `type=oci,dest=${tar},name=example:1`, '-o', `type=oci,tar=false,dest=${layout}`, context]);

    const inspected = JSON.parse(await succeed('skopeo', ['inspect', `oci-archive:${tar}`])) as {
      Digest: string;
      Layers: string[];
    };
    const mine = openImage(tar);
    expect(inspected.Digest).toBe(mine.manifestDigest);
    expect(inspected.Layers).toEqual(mine.manifest.layers.map((layer) => layer.digest));

    // skopeo reads every byte and checks every digest on its way.
    const copied = join(scratch, `${example.name}.copied`);
    await succeed('skopeo', ['copy', '-q', `oci:${layout}`, `oci:${copied}:copy`]);
    expect(compareImages(openImage(copied), mine)).toEqual([]);

    const unpacked = join(scratch, `${example.name}.unpacked`);
    await succeed('umoci', ['unpack', '--image', `${copied}:copy`, unpacked]);
    for (const file of example.files) {
      const path = join(unpacked, 'rootfs', file);
      expect(readFileSync(path).equals(mine.file(file) ?? Buffer.alloc(0)), path).toBe(true);
      expect(statSync(path).mode & 0o777, path).toBe(Number.parseInt(mine.tree().get(file)?.mode ?? '', 8));
    }
    rmSync(unpacked, { recursive: true });
  });

  kernel.test(`EXP-06 an archive for docker load of examples/${example.name} is one that others can read`, async () => {
    const cli = await theSlipway();
    const archive = join(scratch, `${example.name}.docker.tar`);
    const oci = join(scratch, `${example.name}.again.tar`);
    await cli.built(['-o', `type=docker,dest=${archive},name=example:1`, '-o', `type=oci,dest=${oci}`, context]);
    const inspected = JSON.parse(await succeed('skopeo', ['inspect', `docker-archive:${archive}`])) as { Os: string };
    expect(inspected.Os).toBe('linux');
    const manifest = JSON.parse(await succeed('tar', ['-xOf', archive, 'manifest.json'])) as { RepoTags: string[] }[];
    expect(manifest.map((entry) => entry.RepoTags)).toEqual([['example:1']]);
    const copied = join(scratch, `${example.name}.from-docker`);
    await succeed('skopeo', ['copy', '-q', `docker-archive:${archive}`, `oci:${copied}:copy`]);
    expect(compareImages(openImage(copied), openImage(oci))).toEqual([]);
  });

  kernel.test(
    `EXP-01 EXP-04 the files of examples/${example.name} are the same in a folder, in a tar and in the image`,
    async () => {
      const cli = await theSlipway();
      const [tar, local, oci] = ['tar', 'local', 'oci'].map((kind) => join(scratch, `${example.name}.${kind}.out`));
      await cli.built(['-o', `type=tar,dest=${tar}`, '-o', `type=local,dest=${local}`, '-o', `type=oci,dest=${oci}`, context]);
      const image = openImage(oci ?? '');
      for (const file of example.files) {
        const bytes = image.file(file) ?? Buffer.alloc(0);
        expect(bytes.length).toBeGreaterThan(100);
        expect(readFileSync(join(local ?? '', file)).equals(bytes)).toBe(true);
      }
      const listed = (await succeed('tar', ['-tf', tar ?? '']))
        .split('\n')
        .filter((line) => line !== '' && line !== './' && !line.endsWith('/'));
      const inImage = [...image.tree()].filter(([, node]) => node.type !== 'dir').map(([path]) => path);
      expect(listed.map((line) => line.replace(/^\.?\//, '')).sort()).toEqual(inImage.sort());
      expect(existsSync(join(local ?? '', 'proc/version'))).toBe(false);
    },
  );
}

kernel.test('build() runs the tests of an example when they are the target', async () => {
  const cli = await theSlipway();
  for (const [name, said] of [
    ['c', 'ok: sieve()'],
    ['go', 'ok  \texample.org/inventory'],
    ['node', '# pass 3'],
    ['release-test', 'release is good'],
  ] as const) {
    const run = await cli.built(['--target', 'test', '-o', 'type=cacheonly', join(folder, name)]);
    expect(run.log, name).toContain(said);
  }
});

kernel.test('EXP-08 build --push brings an image to a real registry under the digest that others see', async () => {
  const cli = await theSlipway();
  const { startRegistry } = await import('./support/docker-registry.ts');
  await using server = await startRegistry();
  const name = `${server.host}/examples/c:1`;
  await cli.built(['--push', '-t', name, join(folder, 'c')]);
  const inspected = JSON.parse(await succeed('skopeo', ['inspect', '--tls-verify=false', `docker://${name}`])) as {
    Digest: string;
  };
  const again = await cli.call(['push', name]);
  expect(again.stdout.trim(), again.all).toBe(inspected.Digest);
});

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pushImage, tagImage } from '../../src/index.ts';
import { baseConfigs, importBaseImages } from '../kernel/support/base-images.ts';
import { startRegistry } from '../kernel/support/docker-registry.ts';
import { succeed } from '../kernel/support/slipway.ts';
import { contextsOf, type RecordedImage, secretsOf } from '../support/recorded-images.ts';

const docker = join(process.env['SLIPWAY_PEERS'] ?? '', 'docker');

/** Is there a BuildKit to ask? */
export const hasBuildKit: boolean = existsSync(docker);
export const noBuildKit: string = `there is no ${docker}: set SLIPWAY_PEERS`;

/** BuildKit with the base images of the recorded builds. */
export interface BuildKit extends AsyncDisposable {
  /** Of the store that has the base images too. */
  readonly engine: { readonly root: string };
  /** Diff ID of the layer that the base images have. */
  readonly baseLayer: string;
  /** Build `each` from the files in `context` into an OCI layout, the tar `dest`. */
  build(each: RecordedImage, context: string, dest: string): Promise<void>;
}

export async function openBuildKit(scratch: string): Promise<BuildKit> {
  mkdirSync(scratch, { recursive: true });
  const engine = { root: join(scratch, 'store') };
  const registry = await startRegistry();
  const baseLayer = await importBaseImages(engine, scratch);
  const pushed = (name: string): string => `${registry.host}/library/${name}:latest`;
  for (const name of Object.keys(baseConfigs)) {
    await tagImage({ source: name, target: pushed(name), engine });
    await pushImage({ name: pushed(name), engine });
  }
  return {
    engine,
    baseLayer,
    build: async (each, context, dest) => {
      const fixed = ['buildx', 'build', '--network=host', '--provenance=false'];
      await succeed(docker, [...fixed, ...argsOf(each, context, pushed), '-o', `type=oci,dest=${dest}`, context]);
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

function argsOf(each: RecordedImage, context: string, pushed: (name: string) => string): string[] {
  const { file, target, platform, buildArgs = {}, labels = {}, allow = [] } = each.options;
  const bases = Object.keys(baseConfigs).map((name) => [name, `docker-image://${pushed(name)}`]);
  return [
    ...(file === undefined ? [] : ['-f', join(context, file)]),
    ...(target === undefined ? [] : ['--target', target]),
    ...(platform === undefined ? [] : ['--platform', platform]),
    ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(secretsOf(each, context)).flatMap(([id, { file }]) => ['--secret', `id=${id},src=${file}`]),
    ...allow.flatMap((right) => ['--allow', right]),
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...[...bases, ...Object.entries(contextsOf(each, context, pushed))].flatMap(([name, value]) => [
      '--build-context',
      `${name}=${value}`,
    ]),
  ];
}

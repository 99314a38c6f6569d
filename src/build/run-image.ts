import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { hostPath, Scope, SlipwayError } from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import { type ImageConfig } from '../oci/index.ts';
import { mountOverlay, prepareLowers, prepareMountPoints } from '../rootfs/index.ts';
import { resolveUserIn, type SandboxMount, type SandboxProcess, writeHostsFiles } from '../sandbox/index.ts';
import { createIngest, type StoredImage } from '../store/index.ts';
import { hostPlatform } from './host-platform.ts';
import type { RunImageOptions } from './image-options.ts';
import { commandOf, environmentOf, parseVolume } from './image-process.ts';
import { configOf, findImage } from './images.ts';
import { withEngine } from './with-engine.ts';

/**
 * Run an image's process to its end in a fresh, throw-away copy of its file system, on the host's network.
 * @throws {SlipwayError} the process could not be started; a non-zero exit code is no error.
 */
export async function runImage(options: RunImageOptions): Promise<{ readonly exitCode: number }> {
  return await withEngine(options, async (engine, signal) => {
    const image = await imageToRun(engine, options.image, signal);
    const config = configOf(engine, image);
    await using scope = new Scope();
    const process = await prepare(engine, image, config, options, scope, signal);
    const sandbox = await engine.sandbox();
    const exit = await sandbox.run(process, { signal, onOutput: options.onOutput ?? (() => {}) });
    return { exitCode: exit.code };
  });
}

/** From the store, else from its registry, as `docker run` does. */
async function imageToRun(engine: Engine, name: string, signal: AbortSignal): Promise<StoredImage> {
  try {
    return findImage(engine, name);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'BUILD_NO_IMAGE' || /^(sha256:)?[0-9a-f]{12,64}$/.test(name))
      throw error;
    const { pullInto } = await import('./pull.ts');
    return await pullInto(engine, name, hostPlatform(), { signal });
  }
}

async function prepare(
  engine: Engine,
  image: StoredImage,
  config: ImageConfig,
  options: RunImageOptions,
  scope: Scope,
  signal: AbortSignal,
): Promise<SandboxProcess> {
  const { store, content } = engine;
  const { config: run } = config;
  const ingest = scope.use(createIngest(store.paths));
  const lowers = await prepareLowers(image.layers, { store, content, scratch: ingest.child('t'), signal });
  for (const name of ['w', 'm']) mkdirSync(ingest.child(name));
  mkdirSync(ingest.child('u'), 0o755);
  const root = scope.use(mountOverlay({ lowers, upper: ingest.child('u'), work: ingest.child('w'), target: ingest.child('m') }));
  const network = options.network ?? 'host';
  const hosts = writeHostsFiles(ingest.path, { hostname: 'slipway', extraHosts: [], network });
  const mounts = (options.volumes ?? []).map(volumeMount);
  prepareMountPoints(root.target, [
    ...['/proc', '/dev', '/sys'].map((path) => ({ path, kind: 'dir' as const })),
    ...[...hosts, ...mounts].map((mount) => ({ path: mount.destination, kind: kindOf(mount) })),
  ]);
  return {
    root: root.target,
    args: commandOf(run, options),
    env: environmentOf(run.Env ?? [], options.env ?? []),
    cwd: options.workdir ?? (run.WorkingDir === undefined || run.WorkingDir === '' ? '/' : run.WorkingDir),
    ...resolveUserIn(root.target, options.user ?? run.User ?? ''),
    hostname: 'slipway',
    network,
    insecure: false,
    mounts: [...hosts, ...mounts],
    ulimits: [],
    interactive: options.interactive,
  };
}

function volumeMount(text: string): SandboxMount {
  const { source, destination, mode } = parseVolume(text);
  const path = hostPath(resolve(source));
  if (statSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path, { recursive: true });
  return { destination, type: 'bind', source: path, options: ['rbind', mode] };
}

function kindOf({ source }: SandboxMount): 'dir' | 'file' {
  return source !== undefined && statSync(source).isDirectory() ? 'dir' : 'file';
}

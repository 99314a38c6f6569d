import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope, SlipwayError } from '../base/index.ts';
import { engineSettings, openEngine } from '../engine/index.ts';
import type { SourceContext } from '../frontend/index.ts';
import { type DockerfileSource, type LoadedDockerfile, parseLoaded, readDockerfile } from './load-dockerfile.ts';
import type { BuildOptions } from './options.ts';
import {
  isHttpUrl,
  isRemoteContext,
  openArchiveContext,
  openRemoteContext,
  readRemoteFile,
  type RemoteContext,
  type RemotePorts,
} from './remote-context.ts';
import { openAgents } from './ssh-agents.ts';
import { toldStep } from './told-step.ts';

/** The Dockerfile, and the main context where it is no directory. */
export interface LoadedInput {
  readonly loaded: LoadedDockerfile;
  readonly mainContext: SourceContext | undefined;
}

/**
 * Read the Dockerfile that `options` name, from wherever it is.
 * @throws {DockerfileError} with every mistake in it. @throws {SlipwayError} `BUILD_NO_DOCKERFILE`, and what fetching throws
 */
export async function loadInput(options: BuildOptions, ports: RemotePorts): Promise<LoadedInput> {
  const { read, mainContext } = await findDockerfile(options, ports);
  const step = { id: 'internal:dockerfile', name: `[internal] load build definition from ${dockerfileName(options)}` } as const;
  const loaded = await toldStep(ports.emit, step, (tell) => {
    const parsed = parseLoaded(read());
    tell('transferring dockerfile:', parsed.sizeBytes);
    return parsed;
  });
  return { loaded, mainContext };
}

/** The Dockerfile, fetched if it has to be; `read` tells where there is none. */
async function findDockerfile(
  options: BuildOptions,
  ports: RemotePorts,
): Promise<{ readonly read: () => DockerfileSource; readonly mainContext: SourceContext | undefined }> {
  const context = options.context ?? '.';
  const { file, dockerfile } = options;
  const remote = await openMain(options, context, ports);
  const mainContext = remote?.context;
  if (file !== undefined && isHttpUrl(file) && dockerfile === undefined) {
    const found = await readRemoteFile(file, ports);
    return { read: () => ({ ...found, path: undefined }), mainContext };
  }
  if (remote === undefined || dockerfile !== undefined) return { read: () => readDockerfile(options, context), mainContext };
  const isFile = remote.dockerfile !== undefined;
  const names = isFile ? [remote.dockerfile] : file === undefined ? ['Dockerfile', 'dockerfile'] : [file];
  const found = await remote.read(names);
  return {
    read: () => {
      if (found === undefined) throw noDockerfile(names[0] ?? 'Dockerfile');
      return { name: isFile ? 'Dockerfile' : found.name, path: undefined, text: found.text };
    },
    mainContext,
  };
}

/**
 * Do `work` with options that have the Dockerfile's text, where it would have to be fetched, and no context: enough to look at the file.
 * @throws what `loadInput` throws, but for mistakes in the file
 */
export async function withDockerfile<O extends BuildOptions, T>(options: O, work: (options: O) => T | Promise<T>): Promise<T> {
  const { context = '.', file } = options;
  const isElsewhere = options.contextTar !== undefined || isRemoteContext(context) || (file !== undefined && isHttpUrl(file));
  if (options.dockerfile !== undefined || !isElsewhere) return await work(options);
  await using scope = new Scope();
  const signal = options.signal ?? new AbortController().signal;
  const engine = scope.use(await openEngine(engineSettings(options.engine ?? {}, process.env)));
  const sshAgent = await openAgents(options.ssh ?? {});
  const { read, mainContext } = await findDockerfile(options, { options, engine, sshAgent, emit: () => undefined, signal });
  const dockerfile = Buffer.from(read().text).toString('utf8');
  if (mainContext === undefined) return await work({ ...options, dockerfile });
  const empty = mkdtempSync(join(tmpdir(), 'slipway-context-'));
  scope.defer(() => rmSync(empty, { recursive: true, force: true }));
  return await work({ ...options, dockerfile, context: empty });
}

async function openMain(options: BuildOptions, context: string, ports: RemotePorts): Promise<RemoteContext | undefined> {
  if (options.contextTar !== undefined) return await openArchiveContext(options.contextTar, ports);
  return isRemoteContext(context) ? await openRemoteContext(context, ports) : undefined;
}

function noDockerfile(name: string): SlipwayError {
  return new SlipwayError('BUILD_NO_DOCKERFILE', `failed to read dockerfile: open ${name}: no such file or directory`, {
    hint: 'name another file of the context with `-f FILE`',
  });
}

function dockerfileName({ dockerfile, file }: BuildOptions): string {
  return dockerfile === undefined && file !== undefined ? file.slice(file.lastIndexOf('/') + 1) : 'Dockerfile';
}

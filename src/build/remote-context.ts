import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { maxDockerfileBytes, SlipwayError } from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import { gitOp, isGitUrl, parseGitUrl, redactUrls, type SourceContext, unpackArchive } from '../frontend/index.ts';
import { createGraphBuilder } from '../graph/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { EmitEvent } from '../solver/index.ts';
import { looksLikeTar, sniffCompression } from '../tar/index.ts';
import { dockerfileTooLong } from './load-dockerfile.ts';
import type { BuildOptions } from './options.ts';
import { secretReader } from './secrets.ts';
import type { AgentOf } from './ssh-agents.ts';

/** Where a download lies in its tree. */
const downloadName = 'context';
/** As much as a tar's header. */
const headerBytes = 512;

/** A file of a remote context that was read. */
export interface RemoteFile {
  readonly name: string;
  readonly text: Uint8Array;
}

/** A context that had to be fetched, because its Dockerfile is in it. */
export interface RemoteContext {
  readonly context: SourceContext;
  /** The first of `names` that it has. */
  read(names: readonly string[]): Promise<RemoteFile | undefined>;
  /** The download itself is the Dockerfile: its name. */
  readonly dockerfile: string | undefined;
}

/** What is needed to fetch: the engine, and what of the options says who asks. */
export interface RemotePorts {
  readonly options: Pick<BuildOptions, 'secrets' | 'buildArgs'>;
  readonly engine: Engine;
  readonly sshAgent: AgentOf;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** Does `context` name something on the net? A directory of that name comes first. */
export function isRemoteContext(context: string): boolean {
  if (statSync(resolve(context), { throwIfNoEntry: false })?.isDirectory() === true) return false;
  return context.startsWith('github.com/') || isGitUrl(context) || isHttpUrl(context);
}

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/** The source of a URL; a repository, or a download. `title`: what people read while it is fetched. */
export function sourceOfUrl(
  url: string,
  { buildArgs = {} }: { readonly buildArgs?: BuildOptions['buildArgs'] | undefined },
  { title, isMain }: { readonly title: string; readonly isMain: boolean },
): SourceContext {
  const shown = redactUrls(url);
  if (!url.startsWith('github.com/') && !isGitUrl(url)) {
    const op = { kind: 'source', identifier: url, attrs: { 'http.filename': downloadName } } as const;
    return { kind: 'source', op, title, createdBy: `http url ${shown}` };
  }
  const git = parseGitUrl(url.startsWith('github.com/') ? `https://${url}` : url, undefined);
  const keeps = isMain && /^(1|t|true)$/i.test(buildArgs['BUILDKIT_CONTEXT_KEEP_GIT_DIR'] ?? '');
  const isDated = isMain && (buildArgs['SOURCE_DATE_EPOCH'] ?? '') !== '';
  const op = gitOp(
    { ...git, mtime: git.mtime ?? (isDated ? 'commit' : undefined) },
    { keepGitDir: keeps || (git.keepGitDir ?? false), checksum: git.checksum },
  );
  return { kind: 'source', op, title, createdBy: `git snapshot for ${redactUrls(git.remote)}#${git.ref}` };
}

/** Fetch the main context from where `url` says. @throws {SlipwayError} `SOURCE_…`, `REG_…` */
export async function openRemoteContext(url: string, ports: RemotePorts): Promise<RemoteContext> {
  const isGit = url.startsWith('github.com/') || isGitUrl(url);
  const title = isGit ? `[internal] load git source ${redactUrls(url)}` : '[internal] load remote build context';
  return await open(sourceOfUrl(url, ports.options, { title, isMain: true }), isGit, ports);
}

/** Take the main context from a stream: an archive. @throws {SlipwayError} `BUILD_BAD_CONTEXT` it is none */
export async function openArchiveContext(body: AsyncIterable<Uint8Array>, ports: RemotePorts): Promise<RemoteContext> {
  const { url } = await ports.engine.http.upload(body, downloadName, { signal: ports.signal });
  const op = { kind: 'source', identifier: url, attrs: { 'http.filename': downloadName } } as const;
  const uploaded = { kind: 'source', op, title: '[internal] load remote build context', createdBy: 'uploaded context' } as const;
  const opened = await open(uploaded, false, ports);
  if (opened.dockerfile === undefined) return opened;
  throw new SlipwayError('BUILD_BAD_CONTEXT', 'the context on standard input is no archive', {
    hint: 'give it a tar, which may be compressed',
  });
}

/** The Dockerfile at a web address. */
export async function readRemoteFile(url: string, ports: RemotePorts): Promise<RemoteFile> {
  const name = new URL(url).pathname.split('/').at(-1) || 'Dockerfile';
  const source = sourceOfUrl(
    url,
    {},
    { title: `[internal] load remote build definition from ${redactUrls(url)}`, isMain: false },
  );
  const [text] = await fetchTree(source, ports, readDockerfileOf(name, downloadName));
  return { name, text: text ?? new Uint8Array(0) };
}

async function open(source: SourceContext, isGit: boolean, ports: RemotePorts): Promise<RemoteContext> {
  let context = source;
  let dockerfile: string | undefined;
  if (!isGit) {
    const [start] = await fetchTree(source, ports, (read) => read(downloadName, headerBytes));
    if (start !== undefined && isArchive(start)) context = { ...source, archive: `/${downloadName}` };
    else dockerfile = downloadName;
  }
  return {
    context,
    dockerfile,
    async read(names) {
      for (const name of names) {
        const [text] = await fetchTree(context, ports, readDockerfileOf(name, name));
        if (text !== undefined) return { name, text };
      }
      return undefined;
    },
  };
}

/** @throws {SlipwayError} `BUILD_NO_DOCKERFILE` it is too long */
function readDockerfileOf(name: string, path: string): (read: Read) => Promise<Uint8Array | undefined> {
  return async (read) => {
    const text = await read(path, maxDockerfileBytes + 1);
    if (text !== undefined && text.byteLength > maxDockerfileBytes) throw dockerfileTooLong(name);
    return text;
  };
}

/** A tar, or compressed: what is in there shows when it is unpacked. */
function isArchive(start: Uint8Array): boolean {
  return sniffCompression(start) !== 'none' || looksLikeTar(start);
}

type Read = (path: string, limitBytes: number) => Promise<Uint8Array | undefined>;

/** Have the tree of a context in the store, and look into it. A tuple, so that nothing there differs from nothing read. */
async function fetchTree<T>(context: SourceContext, ports: RemotePorts, look: (read: Read) => Promise<T>): Promise<[T]> {
  const { options, engine, sshAgent, emit, signal } = ports;
  const graph = createGraphBuilder();
  const fetched = graph.add(context.op, []);
  const result = context.archive === undefined ? fetched : graph.add(unpackArchive(context.archive), [fetched]);
  using job = engine.solve(graph, {
    directories: new Map(),
    nameOf: (vertex) => (vertex === fetched.vertex ? context.title : '[internal] extract build context'),
    ignoreCache: () => false,
    secret: secretReader(options.secrets ?? {}, process.env),
    sshAgent,
    network: 'host',
    signal,
    // What the cache has is told once, by the build itself.
    emit: (event) => (event.kind === 'step-cached' ? undefined : emit(event)),
  });
  const tree: OpResult = await job.solve(result);
  return [await look((path, limitBytes) => job.readFile(tree, path, limitBytes))];
}

import { compilePatterns, Scope, SlipwayError } from '../base/index.ts';
import type { SourceOp, Vertex } from '../graph/index.ts';
import type { LayerId } from '../layer/index.ts';
import { statIfThere } from '../native/index.ts';
import type { Digest } from '../oci/index.ts';
import type { OpContext } from '../solver/index.ts';
import { type FetchProgress, followEverything, followPaths, openLocalContext } from '../source/index.ts';
import { checkoutLayer, gitRequest } from './git-request.ts';
import { httpRequest } from './http-request.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';

/** What a source is now: `undefined` for a local context, whose users are keyed by what they take from it. */
export async function sourceKey(op: SourceOp, vertex: Vertex, state: OpsState, context: OpContext): Promise<Digest | undefined> {
  switch (schemeOf(op)) {
    case 'docker-image':
    case 'oci-layout':
      return state.ports.images.chainOf(op.identifier);
    case 'http':
    case 'https':
      return await state.ports.http.pin(httpRequest(op, state), fetchOptions(vertex, state, context));
    case 'git': {
      await using scope = new Scope();
      return await state.ports.git.pin(await gitRequest(op, state, scope), context);
    }
    case 'local':
      return undefined;
  }
}

export async function runSource(op: SourceOp, vertex: Vertex, state: OpsState, context: OpContext): Promise<readonly OpResult[]> {
  switch (schemeOf(op)) {
    case 'docker-image':
    case 'oci-layout': {
      const layers = await state.ports.images.fetchLayers(op.identifier, fetchOptions(vertex, state, context));
      return [{ kind: 'snapshot', layers }];
    }
    case 'http':
    case 'https':
      return [
        {
          kind: 'snapshot',
          layers: [await state.ports.http.fetch(httpRequest(op, state), fetchOptions(vertex, state, context))],
        },
      ];
    case 'git': {
      await using scope = new Scope();
      const request = await gitRequest(op, state, scope);
      return [{ kind: 'snapshot', layers: [await checkoutLayer(request, state, context.signal)] }];
    }
    case 'local':
      return [await openContext(op, vertex, state, context)];
  }
}

interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FetchProgress) => void;
}

/** Show how far a transfer is, as progress of `vertex`. */
function fetchOptions(vertex: Vertex, state: OpsState, { signal, emit }: OpContext): FetchOptions {
  const isDue = throttle(state.ports.now);
  return {
    signal,
    onProgress: ({ part, current, total, done }) => {
      if (!isDue(part, done)) return;
      emit({ kind: 'step-progress', step: vertex.digest, part, current, total, unit: 'bytes', done, atMs: state.ports.now() });
    },
  };
}

/** Enough for people to watch, and not a line for each packet. */
const progressPauseMs = 100;

function throttle(now: () => number): (part: string, done: boolean) => boolean {
  const shownAtMs = new Map<string, number>();
  return (part, done) => {
    const atMs = now();
    if (!done && atMs - (shownAtMs.get(part) ?? Number.NEGATIVE_INFINITY) < progressPauseMs) return false;
    shownAtMs.set(part, atMs);
    return true;
  };
}

const schemes = ['docker-image', 'oci-layout', 'http', 'https', 'git', 'local'] as const;
type Scheme = (typeof schemes)[number];

function schemeOf(op: SourceOp): Scheme {
  const text = op.identifier.slice(0, op.identifier.indexOf('://'));
  const scheme = schemes.find((each) => each === text);
  if (scheme !== undefined) return scheme;
  throw new SlipwayError('OPS_UNSUPPORTED_SOURCE', `sources like \`${op.identifier}\` are not supported yet`, {
    hint: 'download it into the build context first, and COPY it from there',
  });
}

async function openContext(op: SourceOp, vertex: Vertex, state: OpsState, context: OpContext): Promise<OpResult> {
  const name = op.identifier.slice('local://'.length);
  const directory = state.ports.directories.get(name);
  if (directory === undefined)
    throw new SlipwayError('OPS_NO_CONTEXT', `the build has no context named \`${name}\``, { class: 'internal' });
  const origin = `live:${vertex.digest}` as LayerId;
  const ignore = listOf(op, 'local.excludepatterns');
  const follow = listOf(op, 'local.followpaths');
  const local = openLocalContext({
    store: state.ports.store,
    directory,
    origin,
    ignore: ignore.length === 0 ? undefined : compilePatterns(ignore),
    follow: follow.length === 0 ? followEverything : followPaths(follow, (path) => isLink(`${directory}/${path}`)),
    modeOf: state.ports.contextModes === 'git' ? await state.ports.git.modesIn(directory, context) : undefined,
    signal: context.signal,
  });
  state.live.set(origin, local);
  context.emit({
    kind: 'step-progress',
    step: vertex.digest,
    part: 'reading context',
    current: local.fileCount,
    total: local.fileCount,
    unit: 'files',
    done: true,
    atMs: state.ports.now(),
  });
  return { kind: 'live', source: origin };
}

function isLink(path: string): boolean {
  return statIfThere(path)?.isSymbolicLink() === true;
}

function listOf(op: SourceOp, attr: string): readonly string[] {
  const text = op.attrs[attr];
  return text === undefined ? [] : (JSON.parse(text) as string[]);
}

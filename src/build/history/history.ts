import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { ifThere, isNoFile, nearest, SlipwayError } from '../../base/index.ts';
import { engineSettings } from '../../engine/index.ts';
import type { BuildEvent, StepId } from '../../solver/index.ts';
import { readFileChunks, type StorePaths, storePaths } from '../../store/index.ts';
import type { EngineOptions } from '../options.ts';
import { matchSteps, noStep } from '../step-name.ts';
import type { BuildRecord } from './build-record.ts';
import { forgetBuild, forgetGraphs } from './cap.ts';
import { createEventDecoder } from './event-codec.ts';
import { parseHistoryFilters } from './filter.ts';

interface Common {
  readonly engine?: EngineOptions;
}

export interface ListBuildsOptions extends Common {
  /** `status=error`, `name~=app`, `duration>1m`, `startedAt<2026-01-31T12:00:00Z`, …; all must hold. */
  readonly filters?: readonly string[];
}

export interface BuildRefOptions extends Common {
  /** An ID or the beginning of one, or `^1` for the build before the latest. Default: the latest. */
  readonly ref?: string;
}

export interface BuildEventsOptions extends BuildRefOptions {
  /** Only what these steps told: `3`, `build 3`, `build`, or how the instruction begins. */
  readonly step?: string;
}

export interface RemoveBuildsOptions extends Common {
  /** Default: every build. */
  readonly refs?: readonly string[];
}

/** Builds that have ended, latest first. @throws {SlipwayError} `BUILD_BAD_FILTER` */
export function listBuilds(options: ListBuildsOptions): readonly BuildRecord[] {
  const wants = parseHistoryFilters(options.filters ?? [], Date.now());
  const paths = pathsOf(options);
  return idsOf(paths)
    .flatMap((id) => readRecord(paths, id) ?? [])
    .filter(wants);
}

/**
 * The build that `ref` means: its ID or the beginning of it, `^1` for the one before the latest; without `ref` the latest.
 * @throws {SlipwayError} `BUILD_NO_BUILD`
 */
export function inspectBuild(options: BuildRefOptions): BuildRecord {
  const paths = pathsOf(options);
  const id = findBuild(paths, options.ref ?? '');
  const record = readRecord(paths, id);
  if (record === undefined) throw noBuild(id, 'its record was damaged');
  return record;
}

/** Everything that build told while it ran. @throws {SlipwayError} `BUILD_NO_BUILD`, `BUILD_NO_STEP` */
export async function* buildEvents(options: BuildEventsOptions): AsyncGenerator<BuildEvent> {
  const paths = pathsOf(options);
  const events = decodeAll(readFileChunks(paths.history(findBuild(paths, options.ref ?? ''))));
  yield* options.step === undefined ? events : onlySteps(events, options.step);
}

/** A step tells its name before anything else. */
async function* onlySteps(events: AsyncIterable<BuildEvent>, wanted: string): AsyncGenerator<BuildEvent> {
  const meant = new Set<StepId>();
  const names = new Set<string>();
  for await (const event of events) {
    if (event.kind === 'step-started' || event.kind === 'step-cached') {
      names.add(event.name);
      if (matchSteps([event.name], wanted).length > 0) meant.add(event.step);
    }
    if ('step' in event && event.step !== undefined && meant.has(event.step)) yield event;
  }
  if (meant.size === 0) throw noStep([...names], wanted);
}

async function* decodeAll(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BuildEvent> {
  const decode = createEventDecoder();
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(10) + 1;
    for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) {
      const event = decode(line);
      if (event !== undefined) yield event;
    }
    rest = Buffer.from(bytes.subarray(end));
  }
}

/** Forget builds; without `refs`, all of them. @returns the IDs */
export function removeBuilds(options: RemoveBuildsOptions): readonly string[] {
  const paths = pathsOf(options);
  const ids = options.refs === undefined ? idsOf(paths) : options.refs.map((ref) => findBuild(paths, ref));
  for (const id of ids) forgetBuild(paths, id);
  forgetGraphs(paths);
  return [...new Set(ids)];
}

function pathsOf({ engine }: Common): StorePaths {
  return storePaths(engineSettings(engine ?? {}, process.env).root);
}

/** Latest first. */
function idsOf(paths: StorePaths): readonly string[] {
  return ifThere(() => readdirSync(paths.history('')).sort().reverse()) ?? [];
}

/** No record is longer. */
const tailBytes = 1 << 18;

/** The last line of the file: what was told stands before it. */
function readRecord(paths: StorePaths, id: string): BuildRecord | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(paths.history(id), 'r');
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    readSync(fd, tail, 0, tail.byteLength, size - tail.byteLength);
    const text = tail.toString('utf8').trimEnd();
    return JSON.parse(text.slice(text.lastIndexOf('\n') + 1)) as BuildRecord;
  } catch (error) {
    if (isNoFile(error) || error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function findBuild(paths: StorePaths, ref: string): string {
  const ids = idsOf(paths);
  const before = ref === '' ? 0 : /^\^\d+$/.test(ref) ? Number(ref.slice(1)) : undefined;
  if (before !== undefined) {
    const id = ids[before];
    if (id === undefined) throw noBuild(ref, ids.length === 0 ? 'the history is empty' : `the history has ${ids.length} builds`);
    return id;
  }
  const matching = ids.filter((id) => id.startsWith(ref));
  const [id] = matching;
  if (id === undefined || (matching.length > 1 && !ids.includes(ref))) {
    const meant = nearest(ref, ids, 4);
    const hint =
      id !== undefined
        ? `${matching.length} builds begin so: give more of the ID`
        : meant === undefined
          ? '`slipway history` lists them'
          : `did you mean \`${meant}\`?`;
    throw noBuild(ref, hint);
  }
  return ids.includes(ref) ? ref : id;
}

function noBuild(ref: string, hint: string): SlipwayError {
  return new SlipwayError('BUILD_NO_BUILD', `the history has no build \`${ref === '' ? '^0' : ref}\``, { hint });
}

import { randomBytes } from 'node:crypto';
import { appendFileSync, renameSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { toSlipwayError } from '../../base/index.ts';
import type { BuildEvent, StepId } from '../../solver/index.ts';
import { createIngest, type Ingest, type StorePaths, writeAside } from '../../store/index.ts';
import { redactUrls } from '../../frontend/index.ts';
import type { KeptFacts } from '../kept-graph.ts';
import type { BuildOptions, BuildResult } from '../options.ts';
import { isRemoteContext } from '../remote-context.ts';
import type { BuildRecord } from './build-record.ts';
import { createEventEncoder, errorRecord } from './event-codec.ts';
import { capHistory, timeDigits } from './cap.ts';

/** Takes down one build. Nothing is written before its end, unless it says more than fits into memory comfortably. */
export interface HistoryWriter extends Disposable {
  readonly id: string;
  add(event: BuildEvent): void;
  /** What is known of the build by now, beside what it tells. */
  note(facts: KeptFacts): void;
  /** Write the record; the build ended with `end`. */
  finish(end: { readonly result: BuildResult } | { readonly thrown: unknown }): void;
}

const maxBufferedBytes = 1 << 20;
const bigLogBytes = 64 << 10;
const capEvery = 16;
/** Apart from its output, an event is about so long. */
const eventBytes = 200;

export function createHistoryWriter(paths: StorePaths, options: BuildOptions, startedAtMs: number): HistoryWriter {
  // By the clock first: in the order of names, builds are in the order of time.
  const id = `${startedAtMs.toString(36).padStart(timeDigits, '0')}${randomBytes(8).toString('hex')}`;
  const encoder = createEventEncoder();
  const counts = createCounts();
  let buffered: BuildEvent[] = [];
  let bufferedBytes = 0;
  let logBytes = 0;
  let ingest: Ingest | undefined;
  let facts: KeptFacts = {};
  const takeText = (): string => {
    const text = buffered.map((event) => encoder.encode(event)).join('');
    logBytes += text.length;
    buffered = [];
    bufferedBytes = 0;
    return text;
  };
  const spill = (text: string): void => {
    ingest ??= createIngest(paths);
    appendFileSync(ingest.child('events'), text, { mode: 0o600 });
  };
  return {
    id,
    add(event) {
      counts.add(event);
      buffered.push(event);
      bufferedBytes += eventBytes + (event.kind === 'step-log' ? event.data.byteLength : 0);
      if (bufferedBytes > maxBufferedBytes) spill(takeText());
    },
    note(known) {
      facts = { ...facts, ...known };
    },
    finish(end) {
      const record: BuildRecord = {
        ...describe(id, options, startedAtMs),
        ...counts.sum(),
        ...facts,
        ...outcome(end, startedAtMs),
      };
      const text = `${takeText()}${JSON.stringify(record)}\n`;
      if (ingest === undefined) writeAside(paths, paths.history(id), text);
      else {
        spill(text);
        renameSync(ingest.child('events'), paths.history(id));
      }
      // To list the folder takes longer than to write this, so it is done now and then.
      if (logBytes > bigLogBytes || startedAtMs % capEvery === 0) capHistory(paths);
    },
    [Symbol.dispose]: () => ingest?.[Symbol.dispose](),
  };
}

function describe(
  id: string,
  options: BuildOptions,
  startedAtMs: number,
): Omit<BuildRecord, 'steps' | 'warnings' | 'status' | 'durationMs'> {
  const { context = '.', file, platform, buildArgs = {}, tags = [] } = options;
  const target = typeof options.target === 'object' ? options.target.join(',') : options.target;
  const place = isRemoteContext(context) ? redactUrls(context) : resolve(context);
  const folder = basename(place);
  return {
    id,
    name: target === undefined ? folder : `${folder} (${target})`,
    startedAt: new Date(startedAtMs).toISOString(),
    context: place,
    file,
    target,
    platform,
    buildArgs: Object.keys(buildArgs).sort(),
    tags,
  };
}

function outcome(
  end: { readonly result: BuildResult } | { readonly thrown: unknown },
  startedAtMs: number,
): Pick<BuildRecord, 'status' | 'durationMs' | 'result' | 'error'> & Partial<Pick<BuildRecord, 'steps'>> {
  if ('result' in end) {
    const { id: _, durationMs, ...result } = end.result;
    return { status: 'completed', durationMs, result, steps: result.steps };
  }
  const error = toSlipwayError(end.thrown);
  return {
    status: error.class === 'cancelled' ? 'canceled' : 'error',
    durationMs: Date.now() - startedAtMs,
    error: errorRecord(error),
  };
}

interface Counts {
  add(event: BuildEvent): void;
  sum(): Pick<BuildRecord, 'steps' | 'warnings'>;
}

function createCounts(): Counts {
  const cached = new Set<StepId>();
  const ran = new Set<StepId>();
  let warnings = 0;
  const isOfGraph = (step: StepId): boolean => step.startsWith('sha256:');
  return {
    add(event) {
      if (event.kind === 'step-cached') cached.add(event.step);
      else if (event.kind === 'step-started' && isOfGraph(event.step)) ran.add(event.step);
      else if (event.kind === 'warning') warnings += 1;
    },
    sum: () => ({ steps: { total: cached.size + ran.size, cached: cached.size, ran: ran.size }, warnings }),
  };
}

import { createHash } from 'node:crypto';
import type { BuildEvent, StepId } from '../ports.ts';
import { eventsOnly, type Renderer } from './renderer.ts';

// The lines of `docker build --progress=rawjson`. @see SolveStatus in moby/buildkit, client/graph.go

interface RawVertex {
  readonly digest: string;
  readonly inputs?: readonly string[];
  readonly name: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: true;
  readonly error?: string;
}

interface RawStatus {
  readonly id: string;
  readonly vertex: string;
  readonly total?: number;
  readonly current: number;
  readonly timestamp: string;
  readonly started: string;
  readonly completed?: string;
}

interface RawLog {
  readonly vertex: string;
  readonly stream: 1 | 2;
  /** Base64. */
  readonly data: string;
  readonly timestamp: string;
}

export interface RawWarning {
  readonly vertex: string;
  readonly level: 1;
  /** Base64. */
  readonly short: string;
  readonly sourceInfo?: { readonly filename: string; readonly language: 'Dockerfile' };
  readonly range?: readonly RawRange[];
}

interface RawRange {
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };
}

/** One line; at least one of them. */
interface SolveStatus {
  readonly vertexes?: readonly RawVertex[];
  readonly statuses?: readonly RawStatus[];
  readonly logs?: readonly RawLog[];
  readonly warnings?: readonly RawWarning[];
}

/** What the warnings of no step are about. */
const definitionStep: StepId = 'internal:dockerfile';

/** BuildKit's own JSON, for what reads the output of `docker build`: a line for everything that happens. */
export function rawJsonRenderer(): Renderer {
  const vertices = new Map<StepId, RawVertex>();
  const parts = new Map<string, string>();
  const vertexLine = (step: StepId, news: Partial<RawVertex>): SolveStatus => {
    const vertex: RawVertex = { digest: digestOfStep(step), name: step, ...vertices.get(step), ...news };
    vertices.set(step, vertex);
    return { vertexes: [vertex] };
  };
  const partLine = (
    { step, part, current, total, done }: Extract<BuildEvent, { kind: 'step-progress' }>,
    timestamp: string,
  ): SolveStatus => {
    const vertex = digestOfStep(step);
    const key = `${vertex} ${part}`;
    const started = parts.get(key) ?? timestamp;
    if (done) parts.delete(key);
    else parts.set(key, started);
    const amounts = { ...(total > 0 ? { total } : {}), current };
    return { statuses: [{ id: part, vertex, ...amounts, timestamp, started, ...(done ? { completed: timestamp } : {}) }] };
  };
  const statusOf = (event: BuildEvent): SolveStatus | undefined => {
    const timestamp = new Date(event.atMs).toISOString();
    switch (event.kind) {
      case 'step-started':
        return vertexLine(event.step, { ...named(event), started: timestamp });
      case 'step-cached':
        return vertexLine(event.step, { ...named(event), started: timestamp, completed: timestamp, cached: true });
      case 'step-done':
        return vertexLine(event.step, { completed: timestamp });
      case 'step-failed':
        return vertexLine(event.step, { completed: timestamp, error: event.error.message });
      case 'step-cancelled':
        return vertexLine(event.step, { completed: timestamp, error: 'context canceled' });
      case 'step-progress':
        return partLine(event, timestamp);
      case 'step-log': {
        const data = Buffer.from(event.data).toString('base64');
        return { logs: [{ vertex: digestOfStep(event.step), stream: event.stream, data, timestamp }] };
      }
      case 'warning':
        return { warnings: [rawWarning(event)] };
      case 'step-explained':
      case 'stages-skipped':
        return undefined; // the format has no place for them
    }
  };
  return {
    ...eventsOnly,
    showsLogs: true,
    event(event) {
      const status = statusOf(event);
      return status === undefined ? '' : `${JSON.stringify(status)}\n`;
    },
  };
}

/** A step that starts again begins anew. */
function named({ name, inputs = [] }: Extract<BuildEvent, { kind: 'step-started' | 'step-cached' }>): Partial<RawVertex> {
  return { ...(inputs.length === 0 ? {} : { inputs }), name };
}

/** The engine's own work has a name, and here the digest of it. */
function digestOfStep(step: StepId): string {
  return step.startsWith('sha256:') ? step : `sha256:${createHash('sha256').update(step).digest('hex')}`;
}

/** A warning as BuildKit writes it. */
export function rawWarning({ code, message, at, step = definitionStep }: Extract<BuildEvent, { kind: 'warning' }>): RawWarning {
  const line = at === undefined ? '' : ` (line ${at.start.line})`;
  const short = Buffer.from(`${code === undefined ? '' : `${code}: `}${message}${line}`).toString('base64');
  const place =
    at === undefined
      ? {}
      : {
          sourceInfo: { filename: at.file, language: 'Dockerfile' as const },
          range: [{ start: { line: at.start.line }, end: { line: lastLine(at) } }],
        };
  return { vertex: digestOfStep(step), level: 1, short, ...place };
}

/** The end of a span is exclusive: at the first column it means the line before. */
function lastLine({ start, end }: NonNullable<Extract<BuildEvent, { kind: 'warning' }>['at']>): number {
  return end.column === 1 && end.line > start.line ? end.line - 1 : end.line;
}

import { createHash } from 'node:crypto';
import type { BuildEvent, StepId } from '../ports.ts';
import type { Renderer } from './renderer.ts';

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
export class RawJsonRenderer implements Renderer {
  readonly tickMs = undefined;
  readonly showsLogs = true;
  readonly #vertices = new Map<StepId, RawVertex>();
  readonly #parts = new Map<string, string>();

  event(event: BuildEvent): string {
    const status = this.#status(event);
    return status === undefined ? '' : `${JSON.stringify(status)}\n`;
  }

  tick(): string {
    return '';
  }

  note(): string {
    return '';
  }

  finish(): string {
    return '';
  }

  #status(event: BuildEvent): SolveStatus | undefined {
    const timestamp = new Date(event.atMs).toISOString();
    switch (event.kind) {
      case 'step-started':
        return this.#vertex(event.step, { ...named(event), started: timestamp });
      case 'step-cached':
        return this.#vertex(event.step, { ...named(event), started: timestamp, completed: timestamp, cached: true });
      case 'step-done':
        return this.#vertex(event.step, { completed: timestamp });
      case 'step-failed':
        return this.#vertex(event.step, { completed: timestamp, error: event.error.message });
      case 'step-cancelled':
        return this.#vertex(event.step, { completed: timestamp, error: 'context canceled' });
      case 'step-progress': {
        const vertex = digestOfStep(event.step);
        const key = `${vertex} ${event.part}`;
        const started = this.#parts.get(key) ?? timestamp;
        if (event.done) this.#parts.delete(key);
        else this.#parts.set(key, started);
        const amounts = { ...(event.total > 0 ? { total: event.total } : {}), current: event.current };
        return {
          statuses: [{ id: event.part, vertex, ...amounts, timestamp, started, ...(event.done ? { completed: timestamp } : {}) }],
        };
      }
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
  }

  #vertex(step: StepId, news: Partial<RawVertex>): SolveStatus {
    const digest = digestOfStep(step);
    const vertex: RawVertex = { digest, name: step, ...this.#vertices.get(step), ...news };
    this.#vertices.set(step, vertex);
    return { vertexes: [vertex] };
  }
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

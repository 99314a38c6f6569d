import { type ErrorClass, type ErrorCode, SlipwayError, type SourceSpan } from '../../base/index.ts';
import { type BuildEvent, StepError, type StepId } from '../../solver/index.ts';

/** An error as a record keeps it. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly at?: SourceSpan | undefined;
  /** Of a command that failed. */
  readonly exitCode?: number;
  readonly outOfMemory?: boolean;
  readonly logTail?: string;
  readonly step?: string | undefined;
}

export function errorRecord(error: SlipwayError): ErrorRecord {
  const { code, class: kind, message, hint, at } = error;
  if (!(error instanceof StepError)) return { code, class: kind, message, hint, at };
  const { exitCode, outOfMemory, logTail, step } = error;
  return { code, class: kind, message, hint, at, exitCode, outOfMemory, logTail, step };
}

/** Writes events as lines of JSON. Steps go by numbers; output is text where it can be. */
export interface EventEncoder {
  encode(event: BuildEvent): string;
}

export function createEventEncoder(): EventEncoder {
  const numbers = new Map<StepId, number>();
  return {
    encode(event) {
      let text = '';
      let step: { readonly step?: number } = {};
      if ('step' in event && event.step !== undefined) {
        let number = numbers.get(event.step);
        if (number === undefined) {
          number = numbers.size;
          numbers.set(event.step, number);
          text = `${JSON.stringify({ kind: 'step', id: event.step })}\n`;
        }
        step = { step: number };
      }
      return `${text}${JSON.stringify({ ...event, ...step, ...special(event) })}\n`;
    },
  };
}

function special(event: BuildEvent): object {
  if (event.kind === 'step-failed') return { error: errorRecord(event.error) };
  if (event.kind !== 'step-log') return {};
  const text = Buffer.from(event.data).toString('utf8');
  return Buffer.from(text).equals(event.data)
    ? { data: text }
    : { data: undefined, base64: Buffer.from(event.data).toString('base64') };
}

/** Reads what `createEventEncoder` wrote, line by line; `undefined` for a line that holds no event, or only the beginning of one. */
export function createEventDecoder(): (line: string) => BuildEvent | undefined {
  const steps: StepId[] = [];
  return (line) => {
    const raw = parsed(line);
    if (raw?.['kind'] === undefined) return undefined; // the record of the build, at the end
    if (raw['kind'] === 'step') {
      steps.push(raw['id'] as StepId);
      return undefined;
    }
    const step = typeof raw['step'] === 'number' ? { step: steps[raw['step']] } : {};
    const { base64: _, ...event } = raw;
    return { ...event, ...step, ...restored(raw) } as unknown as BuildEvent;
  };
}

function restored(raw: Readonly<Record<string, unknown>>): object {
  if (raw['kind'] === 'step-failed') return { error: restoreError(raw['error'] as ErrorRecord) };
  if (raw['kind'] !== 'step-log') return {};
  const { data, base64 } = raw as { readonly data?: string; readonly base64?: string };
  return { data: base64 === undefined ? Buffer.from(data ?? '') : Buffer.from(base64, 'base64') };
}

function restoreError({ code, message, ...details }: ErrorRecord): SlipwayError {
  return new SlipwayError(code, message, details);
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

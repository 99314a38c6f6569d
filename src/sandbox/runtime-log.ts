import { readFileSync, statSync } from 'node:fs';
import { ifThere } from '../base/index.ts';

/** What a runtime says itself, as opposed to the process it runs: both write to the same standard error. */
export interface RuntimeLog {
  /** The runtime's errors so far, joined; undefined when there are none. */
  failure(): string | undefined;
}

/** The log of a run with `--log-format json`: one object a line. */
export function openRuntimeLog(path: string): RuntimeLog {
  let seenBytes = 0;
  let failure: string | undefined;
  return {
    failure() {
      const sizeBytes = sizeOf(path);
      if (sizeBytes === seenBytes) return failure;
      seenBytes = sizeBytes;
      const messages = readFileSync(path, 'utf8').split('\n').flatMap(errorMessage);
      failure = messages.length === 0 ? undefined : messages.join('; ');
      return failure;
    },
  };
}

function sizeOf(path: string): number {
  return ifThere(() => statSync(path).size) ?? 0;
}

function errorMessage(line: string): string[] {
  if (line.trim() === '') return [];
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    return (level === 'error' || level === 'fatal') && typeof msg === 'string' ? [msg] : [];
  } catch {
    return [];
  }
}

import type { SlipwayError } from '../../base/index.ts';
import type { BuildEvent } from '../ports.ts';
import { isStepError } from '../step-error.ts';
import { eventsOnly, type Renderer } from './renderer.ts';

/** One event per line, as JSON; the bytes of `step-log` are base64. */
export const jsonRenderer: Renderer = {
  ...eventsOnly,
  showsLogs: true,
  event: (event) => `${JSON.stringify(plain(event))}\n`,
};

function plain(event: BuildEvent): unknown {
  switch (event.kind) {
    case 'step-log':
      return { ...event, data: Buffer.from(event.data).toString('base64') };
    case 'step-failed':
      return { ...event, error: errorJson(event.error) };
    case 'step-started':
    case 'step-progress':
    case 'step-cached':
    case 'step-explained':
    case 'step-done':
    case 'step-cancelled':
    case 'stages-skipped':
    case 'warning':
      return event;
  }
}

/** What a script needs of an error. */
export function errorJson(error: SlipwayError): Readonly<Record<string, unknown>> {
  return {
    code: error.code,
    class: error.class,
    message: error.message,
    ...(error.at === undefined ? {} : { at: error.at }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(isStepError(error) ? { exitCode: error.exitCode, logTail: error.logTail, outOfMemory: error.outOfMemory } : {}),
  };
}

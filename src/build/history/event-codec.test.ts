import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlipwayError } from '../../base/index.ts';
import { type BuildEvent, StepError, type StepId } from '../../solver/index.ts';
import { createEventDecoder, createEventEncoder } from './event-codec.ts';

function kept(events: readonly BuildEvent[]): BuildEvent[] {
  const encoder = createEventEncoder();
  const decode = createEventDecoder();
  const text = events.map((event) => encoder.encode(event)).join('');
  return text.split('\n').flatMap((line) => decode(line) ?? []);
}

const step = fc.constantFrom(...(['sha256:aa', 'sha256:bb', 'internal:dockerfile', 'export:image'] as StepId[]));
const atMs = fc.nat();
const event: fc.Arbitrary<BuildEvent> = fc.oneof(
  fc.record({ kind: fc.constant('step-started' as const), step, name: fc.string(), atMs }),
  fc.record({ kind: fc.constant('step-done' as const), step, atMs }),
  fc.record({
    kind: fc.constant('step-cached' as const),
    step,
    name: fc.string(),
    by: fc.constantFrom('definition' as const, 'content' as const),
    atMs,
  }),
  fc.record({
    kind: fc.constant('step-log' as const),
    step,
    stream: fc.constantFrom(1 as const, 2 as const),
    data: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    atMs,
  }),
  fc.record({
    kind: fc.constant('stages-skipped' as const),
    stages: fc.array(fc.record({ name: fc.string(), line: fc.nat() })),
    atMs,
  }),
  fc.record({ kind: fc.constant('warning' as const), message: fc.string(), code: fc.string(), atMs }),
);

test('events come back as they were told, whatever bytes a step printed', () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      expect(kept(events)).toEqual(events);
    }),
  );
});

test('an error comes back with its code, message, hint and place', () => {
  const at = { file: 'Dockerfile', start: { line: 2, column: 1 }, end: { line: 2, column: 5 } };
  const error = new SlipwayError('OPS_NO_CONTEXT', 'no context', { hint: 'give one', at, class: 'internal' });
  const [back] = kept([{ kind: 'step-failed', step: 'sha256:aa' as StepId, error, atMs: 1 }]);
  if (back?.kind !== 'step-failed') throw new Error('not a failure');
  expect({ ...back.error, message: back.error.message }).toMatchObject({
    code: 'OPS_NO_CONTEXT',
    message: 'no context',
    hint: 'give one',
    at,
    class: 'internal',
  });
});

test('the failure of a command comes back with its message', () => {
  const error = new StepError({ command: 'make', exitCode: 2, outOfMemory: false, logTail: 'no rule' });
  const [back] = kept([{ kind: 'step-failed', step: 'sha256:aa' as StepId, error, atMs: 1 }]);
  expect(back?.kind === 'step-failed' && back.error.message).toBe(error.message);
});

test('a line that is cut off is left out', () => {
  const decode = createEventDecoder();
  expect(decode('{"kind":"step","id":"sha256:aa"}')).toBeUndefined();
  expect(decode('{"kind":"step-done","st')).toBeUndefined();
  expect(decode('{"kind":"step-done","step":0,"atMs":1}')).toEqual({ kind: 'step-done', step: 'sha256:aa', atMs: 1 });
});

import { expect, test } from 'vitest';
import { SlipwayError } from '../../base/index.ts';
import { digestOf } from '../../oci/index.ts';
import type { BuildEvent } from '../ports.ts';
import { rawJsonRenderer } from './raw-json.ts';

const [base, run] = [digestOf('base'), digestOf('run')];
const at = (ms: number): string => `1970-01-01T00:00:0${ms / 1000}.000Z`;

function lines(events: readonly BuildEvent[]): readonly unknown[] {
  const renderer = rawJsonRenderer();
  const text = events.map((event) => renderer.event(event)).join('') + renderer.finish(0, true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

test('CLI-08 rawJsonRenderer() tells of vertices, from their start to their end', () => {
  const name = '[2/2] RUN make';
  expect(
    lines([
      { kind: 'step-cached', step: base, name: '[1/2] FROM alpine', by: 'definition', atMs: 0 },
      { kind: 'step-started', step: run, name, inputs: [base], atMs: 1000 },
      { kind: 'step-done', step: run, atMs: 3000 },
    ]),
  ).toEqual([
    { vertexes: [{ digest: base, name: '[1/2] FROM alpine', started: at(0), completed: at(0), cached: true }] },
    { vertexes: [{ digest: run, inputs: [base], name, started: at(1000) }] },
    { vertexes: [{ digest: run, inputs: [base], name, started: at(1000), completed: at(3000) }] },
  ]);
});

test('CLI-08 rawJsonRenderer() tells of failures, and of steps that were stopped', () => {
  const error = new SlipwayError('STEP_FAILED', 'exit code: 1');
  const told = lines([
    { kind: 'step-started', step: run, name: 'RUN a', atMs: 0 },
    { kind: 'step-failed', step: run, error, atMs: 1000 },
    { kind: 'step-started', step: 'internal:x', name: 'x', atMs: 1000 },
    { kind: 'step-cancelled', step: 'internal:x', atMs: 2000 },
  ]);
  expect(told[1]).toEqual({
    vertexes: [{ digest: run, name: 'RUN a', started: at(0), completed: at(1000), error: 'exit code: 1' }],
  });
  expect(told[3]).toEqual({
    vertexes: [{ digest: digestOf('internal:x'), name: 'x', started: at(1000), completed: at(2000), error: 'context canceled' }],
  });
});

test('CLI-08 rawJsonRenderer() tells of logs byte by byte, and of parts from their start to their end', () => {
  const part = { kind: 'step-progress', step: run, part: 'extracting', unit: 'bytes' } as const;
  expect(
    lines([
      { kind: 'step-log', step: run, stream: 2, data: Uint8Array.of(0xff, 10), atMs: 0 },
      { ...part, current: 1, total: 9, done: false, atMs: 1000 },
      { ...part, current: 9, total: 9, done: true, atMs: 2000 },
      { ...part, current: 0, total: 0, done: true, atMs: 3000 },
    ]),
  ).toEqual([
    { logs: [{ vertex: run, stream: 2, data: '/wo=', timestamp: at(0) }] },
    { statuses: [{ id: 'extracting', vertex: run, total: 9, current: 1, timestamp: at(1000), started: at(1000) }] },
    {
      statuses: [
        { id: 'extracting', vertex: run, total: 9, current: 9, timestamp: at(2000), started: at(1000), completed: at(2000) },
      ],
    },
    { statuses: [{ id: 'extracting', vertex: run, current: 0, timestamp: at(3000), started: at(3000), completed: at(3000) }] },
  ]);
});

test('CLI-08 rawJsonRenderer() tells of warnings, and leaves out what the format has no place for', () => {
  const span = { file: 'Dockerfile', start: { line: 3, column: 1 }, end: { line: 4, column: 1 } };
  const told = lines([
    { kind: 'warning', code: 'StageNameCasing', message: 'is not lower case', at: span, atMs: 0 },
    { kind: 'stages-skipped', stages: [{ name: 'test', line: 1 }], atMs: 0 },
    { kind: 'step-explained', step: run, reasons: [{ kind: 'no-cache' }], atMs: 0 },
  ]);
  expect(told).toEqual([
    {
      warnings: [
        {
          vertex: digestOf('internal:dockerfile'),
          level: 1,
          short: Buffer.from('StageNameCasing: is not lower case (line 3)').toString('base64'),
          sourceInfo: { filename: 'Dockerfile', language: 'Dockerfile' },
          range: [{ start: { line: 3 }, end: { line: 3 } }],
        },
      ],
    },
  ]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StepId } from '../ports.ts';
import { paintFrom, plainPaint } from './colors.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { PlainRenderer } from './plain.ts';
import { type Moment, parseRecording } from './recording.ts';
import type { Renderer } from './renderer.ts';
import { TtyRenderer } from './tty.ts';

const folder = 'testdata/progress';
const cases = readdirSync(folder).sort();

function recorded(name: string): readonly Moment[] {
  return parseRecording(readFileSync(`${folder}/${name}/events.jsonl`, 'utf8'));
}

/** Feed `renderer` with the events, and with the ticks between them. */
function replay(
  moments: readonly Moment[],
  renderer: Renderer,
  write: (text: string, atMs: number) => void,
  onResize?: (moment: Moment) => void,
): void {
  let tickAtMs = renderer.tickMs ?? Number.POSITIVE_INFINITY;
  for (const moment of moments) {
    for (; tickAtMs < moment.atMs; tickAtMs += renderer.tickMs ?? Number.POSITIVE_INFINITY)
      write(renderer.tick(tickAtMs), tickAtMs);
    if (moment.kind === 'event') write(renderer.event(moment.event), moment.atMs);
    else onResize?.(moment);
  }
  const lastMs = moments.at(-1)?.atMs ?? 0;
  const isOk = !moments.some((moment) => moment.kind === 'event' && moment.event.kind === 'step-failed');
  write(renderer.finish(lastMs, isOk), lastMs);
}

test('the recordings are where we think they are', () => expect(cases.length).toBeGreaterThan(5));

describe('PlainRenderer', () => {
  test.for(cases)('CLI-06 CLI-07 shows %s', async (name) => {
    let out = '';
    replay(recorded(name), new PlainRenderer({ target: name === 'simple' ? 'release' : undefined }), (text) => {
      out += text;
    });
    await expect(out).toMatchFileSnapshot(`../../../${folder}/${name}/plain.txt`);
  });
});

test('PlainRenderer shows all output of every step once and in order, however the steps interleave', () => {
  const piece = fc.record({
    step: fc.constantFrom<StepId>('internal:1', 'internal:2', 'internal:3'),
    text: fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n') }),
    waitMs: fc.nat(6000),
  });
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const renderer = new PlainRenderer();
      const told = new Map<string, string>();
      let out = '';
      let atMs = 0;
      for (const { step, text, waitMs } of pieces) {
        atMs += waitMs;
        told.set(step, (told.get(step) ?? '') + text);
        out += renderer.event({ kind: 'step-log', step, stream: 1, data: Buffer.from(text), atMs });
      }
      out += renderer.finish(atMs);
      const shown = new Map<string, string>();
      const names = new Map<string, string>();
      for (const line of out.split('\n')) {
        const [, number = '', rest = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
        if (rest.startsWith('internal:')) names.set(number, rest);
        const name = names.get(number);
        const log = /^[\d.]+ (.*)$/.exec(rest)?.[1];
        if (name !== undefined && log !== undefined && rest !== '...') shown.set(name, (shown.get(name) ?? '') + log);
      }
      for (const [step, text] of told) expect(shown.get(step) ?? '').toBe(text.replaceAll('\n', ''));
    }),
  );
});

describe('TtyRenderer', () => {
  test.for(cases)('shows %s', async (name) => {
    const terminal = new FakeTerminal(80);
    let rows = 24;
    const renderer = new TtyRenderer({
      size: () => ({ columns: terminal.columns, rows }),
      paint: plainPaint,
      logLines: 6,
      tickMs: 500,
      startedAtMs: 0,
    });
    let frames = '';
    replay(
      recorded(name),
      renderer,
      (text, atMs) => {
        terminal.write(text);
        if (text !== '' && atMs <= 20_000) frames += `=== ${(atMs / 1000).toFixed(1)}s\n${terminal.screen()}`;
      },
      (moment) => {
        if (moment.kind !== 'resize') return;
        terminal.columns = moment.columns;
        rows = moment.rows;
      },
    );
    expect(terminal.isCursorHidden).toBe(false);
    await expect(`${frames}=== end\n${terminal.screen()}`).toMatchFileSnapshot(`../../../${folder}/${name}/tty.txt`);
  });

  test('never draws a line that is as wide as the terminal, nor more rows than it has', () => {
    for (const [columns, rows] of [
      [20, 4],
      [33, 6],
      [80, 10],
    ] as const) {
      const renderer = new TtyRenderer({
        size: () => ({ columns, rows }),
        paint: plainPaint,
        logLines: 6,
        tickMs: 500,
        startedAtMs: 0,
      });
      for (const name of cases) {
        for (const moment of recorded(name)) {
          if (moment.kind !== 'event') continue;
          renderer.event(moment.event);
          const region = renderer.tick(moment.atMs).split('\u001b[K\n').slice(0, -1);
          for (const line of region) expect(stripVTControlCharacters(line).replaceAll('\r', '').length).toBeLessThan(columns);
        }
      }
    }
  });

  test('CLI-10 paints by BUILDKIT_COLORS, and not at all under NO_COLOR', () => {
    const paint = paintFrom({ BUILDKIT_COLORS: 'run=green:error=1,20,255:cancel=nonsense:other=red' });
    expect(paint('run', 'x')).toBe('\u001b[32mx\u001b[0m');
    expect(paint('error', 'x')).toBe('\u001b[38;2;1;20;255mx\u001b[0m');
    expect(paint('cancel', 'x')).toBe('\u001b[33mx\u001b[0m');
    expect(paintFrom({ NO_COLOR: '1', BUILDKIT_COLORS: 'run=green' })('run', 'x')).toBe('x');
  });
});

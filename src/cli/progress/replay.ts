import type { BuildEvent } from '../ports.ts';
import type { Renderer } from './renderer.ts';

/** What `renderer` wrote when these events happened: time passes between them as it did then. */
export async function* replayed(events: AsyncIterable<BuildEvent>, renderer: Renderer, isOk: boolean): AsyncGenerator<string> {
  let tickAtMs: number | undefined;
  let lastMs = 0;
  for await (const event of events) {
    lastMs = event.atMs;
    if (renderer.tickMs !== undefined) {
      tickAtMs ??= lastMs + renderer.tickMs;
      for (; tickAtMs < lastMs; tickAtMs += renderer.tickMs) yield renderer.tick(tickAtMs);
    }
    yield renderer.event(event);
  }
  yield renderer.finish(lastMs, isOk);
}

import type { Renderer } from './renderer.ts';

/** Says nothing. */
export class QuietRenderer implements Renderer {
  readonly tickMs = undefined;
  readonly showsLogs = false;

  event(): string {
    return '';
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
}

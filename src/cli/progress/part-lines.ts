import { formatBytes } from '../../base/index.ts';
import type { BuildEvent } from '../ports.ts';
import { seconds } from './renderer.ts';

export type PartEvent = Extract<BuildEvent, { kind: 'step-progress' }>;

/** `12.34MB / 56.78MB`, `12 / 30`, or nothing. */
export function amount({ current, total, unit }: PartEvent): string {
  if (unit === 'none') return '';
  const show = unit === 'bytes' ? formatBytes : String;
  if (total > 0) return `${show(current)} / ${show(total)}`;
  return current > 0 ? show(current) : '';
}

/** `<part>[ <amount>][ <seconds>s][ done]`. */
export function partLine(event: PartEvent, sinceMs: number): string {
  const amountText = amount(event);
  const spent = event.atMs - sinceMs > 10 ? ` ${seconds(event.atMs - sinceMs)}s` : '';
  return `${event.part}${amountText === '' ? '' : ` ${amountText}`}${spent}${event.done ? ' done' : ''}`;
}

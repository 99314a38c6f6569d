import { wrap } from 'wrap';

/** `text` in a box. */
export function frame(text, width = 40) {
  const lines = wrap(text, width);
  const inner = Math.max(...lines.map((line) => line.length), 0);
  const edge = `+${'-'.repeat(inner + 2)}+`;
  return [edge, ...lines.map((line) => `| ${line.padEnd(inner)} |`), edge].join('\n');
}

import { stripVTControlCharacters } from 'node:util';

// Text measured in terminal cells.

/** Ranges that take two cells: East Asian wide and fullwidth forms, emoji. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const combining = /[\p{Mn}\p{Me}\p{Cf}]/u;
const controls = /\p{Cc}/gu;

/** Cells that `text` takes; it must hold no control characters. */
export function cells(text: string): number {
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** As much of `text` as fits; what is cut off leaves an ellipsis. */
export function fit(text: string, width: number): string {
  if (width <= 0) return '';
  if (text.length * 2 <= width || cells(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const character of text) {
    const more = cellsOf(character);
    if (used + more > width - 1) break;
    out += character;
    used += more;
  }
  return `${out}…`;
}

/** What a line of output looks like in the end: the text behind the last carriage return, without escape sequences. */
export function visible(line: string): string {
  const bare = stripVTControlCharacters(line).replace(/\r+$/, '');
  return bare
    .slice(bare.lastIndexOf('\r') + 1)
    .replaceAll('\t', '    ')
    .replace(controls, '');
}

function cellsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (combining.test(character)) return 0;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** The lines of a file from `first` to `last` (1-based) marked among their neighbours, as BuildKit's tools print them. */
export function excerpt(fileName: string, lines: readonly string[], first: number, last: number): string {
  const [from, to] = widen(first, last, lines.length);
  const rule = `${'-'.repeat(20)}\n`;
  const shown = lines.slice(from - 1, to).map((line, index) => {
    const number = from + index;
    const mark = number >= first && number <= last ? '>>>' : '   ';
    return ` ${String(number).padStart(3)} | ${mark} ${visible(line)}\n`;
  });
  return `${fileName}:${first}\n${rule}${shown.join('')}${rule}`;
}

/** Neighbours are added above and below in turn; one line gets more of them than several. */
function widen(first: number, last: number, count: number): readonly [number, number] {
  const wanted = first === last ? 4 : 2;
  let from = first;
  let to = last;
  for (let spent = 0; spent < wanted; spent++) {
    if (from > 1) {
      from -= 1;
      spent += 1;
    }
    if (to < count) {
      to += 1;
      spent += 1;
    }
  }
  return [from, to];
}

/** What could steer a terminal is made visible. */
function visible(line: string): string {
  return Array.from(line, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code === 9 || (code >= 32 && code < 127) || code > 159) return char;
    return code < 32 ? String.fromCodePoint(0x2400 + code) : '\u2421';
  }).join('');
}

const escape = '\u001b';
const tokens = new RegExp(`${escape}\\[(\\??)([0-9;]*)([A-Za-z])|\n|\r|[^${escape}\n\r]+`, 'gu');

/**
 * As much of a terminal as `TtyRenderer` needs: rows of a fixed width with a cursor, folding of long lines, and folding anew
 * when it becomes narrower. Colours are dropped. For tests.
 */
export class FakeTerminal {
  columns: number;
  isCursorHidden = false;
  /** Every line written so far, whole; a line longer than the terminal takes several rows. */
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  write(text: string): void {
    for (const match of text.matchAll(tokens)) {
      const [whole, question, argument, command] = match;
      if (command !== undefined) this.#control(question === '?', argument ?? '', command);
      else if (whole === '\n') this.#newline();
      else if (whole === '\r') this.#column = 0;
      else this.#print(whole);
    }
  }

  screen(): string {
    return `${this.#lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd()}\n`;
  }

  #print(text: string): void {
    const line = this.#lines[this.#row] ?? '';
    const characters = Array.from(line.padEnd(this.#column));
    const written = Array.from(text);
    characters.splice(this.#column, written.length, ...written);
    this.#lines[this.#row] = characters.join('');
    this.#column += written.length;
  }

  #newline(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push('');
  }

  #control(question: boolean, argument: string, command: string): void {
    if (question) {
      if (argument !== '25') throw new Error(`mode ${argument}`);
      this.isCursorHidden = command === 'l';
    } else if (command === 'A') this.#up(Number(argument));
    else if (command === 'K')
      this.#lines[this.#row] = Array.from(this.#lines[this.#row] ?? '')
        .slice(0, this.#column)
        .join('');
    else if (command === 'J') this.#lines.splice(this.#row, Number.POSITIVE_INFINITY, '');
    else if (command !== 'm') throw new Error(`escape ${command}`);
  }

  /** Up by rows, where a folded line has several. */
  #up(rows: number): void {
    for (let left = rows; left > 0; ) {
      this.#row -= 1;
      if (this.#row < 0) throw new Error('above the first line');
      left -= Math.max(1, Math.ceil(Array.from(this.#lines[this.#row] ?? '').length / this.columns));
      if (left < 0) throw new Error('in the middle of a folded line');
    }
  }
}

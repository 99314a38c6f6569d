import type { Heredoc } from './instruction.ts';
import type { LogicalLine } from './logical-line.ts';
import { isSpace } from './source-lines.ts';
import type { PlacedHeredoc, Slice } from './statement.ts';
import { parseWord, type WordPart } from './word-syntax.ts';

const heredocWord = /^(\d*)<<(-?)\s*([^<]*)$/;

/** A heredoc whose body has not been read. */
export interface HeredocHead extends Slice {
  readonly name: string;
  readonly expand: boolean;
  readonly stripTabs: boolean;
  readonly fd: number;
}

/** The heredocs of a logical line, in order. Always with a backslash as escape, whatever the directive says. */
export function findHeredocs(text: string): readonly HeredocHead[] {
  if (!text.includes('<<')) return [];
  const heads: HeredocHead[] = [];
  for (const word of rawWords(text)) {
    const match = heredocWord.exec(word.text);
    const [, digits = '', dash = '', rest = ''] = match ?? [];
    const named = match === null ? undefined : nameOf(rest);
    if (named !== undefined) heads.push({ ...word, ...named, stripTabs: dash === '-', fd: Number(digits) });
  }
  return heads;
}

function nameOf(text: string): { readonly name: string; readonly expand: boolean } | undefined {
  const parts = tryParse(text);
  const name = parts.map((part) => unquoted(part, text)).join('');
  return name === '' ? undefined : { name, expand: !parts.some(isQuote) };
}

function isQuote(part: WordPart): boolean {
  return part.type === 'double-quoted' || (part.type === 'literal' && part.isQuoted);
}

function unquoted(part: WordPart, source: string): string {
  if (part.type === 'double-quoted') return part.parts.map((inner) => unquoted(inner, source)).join('');
  return part.type === 'variable' ? source.slice(part.start, part.end) : part.text;
}

function tryParse(text: string): readonly WordPart[] {
  try {
    return parseWord(text, { escape: '\\' });
  } catch {
    // What a builder can't take apart may still be right for the shell; it just holds no heredoc.
    return [];
  }
}

/** Shell words with quotes and escapes kept; blanks after `<<` belong to the word. */
function rawWords(text: string): readonly Slice[] {
  const words: Slice[] = [];
  let start = -1;
  const close = (end: number): void => {
    if (start >= 0) words.push({ text: text.slice(start, end), start, end });
    start = -1;
  };
  let end = 0;
  for (const part of tryParse(text)) {
    end = part.end;
    if (part.type === 'literal' || part.type === 'double-quoted') {
      if (start < 0) start = part.start;
      continue;
    }
    for (let at = part.start; at < part.end; at++) {
      if (part.type === 'text' && text.startsWith('<<', at)) {
        if (start < 0) start = at;
        at += 1;
        while (at + 1 < part.end && isSpace(text[at + 1])) at += 1;
      } else if (isSpace(text[at])) close(at);
      else if (start < 0) start = at;
    }
  }
  close(end);
  return words;
}

interface BodyLines {
  /** Physical lines, each with a `\r` it may have had. */
  readonly rawLines: readonly string[];
}

/**
 * Read the bodies that follow an instruction, from line index `from` on.
 *
 * `next` is the index of the line after the last end line; `unterminated` is the head whose end line never came.
 */
export function readBodies(
  source: LogicalLine,
  heads: readonly HeredocHead[],
  lines: BodyLines,
  from: number,
): { readonly heredocs: readonly PlacedHeredoc[]; readonly next: number; readonly unterminated: HeredocHead | undefined } {
  const heredocs: PlacedHeredoc[] = [];
  let next = from;
  for (const head of heads) {
    const first = next;
    while (next < lines.rawLines.length && !endsBody(lines.rawLines[next] ?? '', head)) next += 1;
    if (next >= lines.rawLines.length) return { heredocs, next, unterminated: head };
    const body = lines.rawLines.slice(first, next);
    next += 1;
    heredocs.push({ start: head.start, end: head.end, heredoc: heredocOf(source, head, body) });
  }
  return { heredocs, next, unterminated: undefined };
}

function heredocOf(source: LogicalLine, head: HeredocHead, body: readonly string[]): Heredoc {
  const rawContent = body.map((line) => `${line}\n`).join('');
  const { name, expand, stripTabs, fd, text, start, end } = head;
  const content = stripTabs ? body.map((line) => `${line.replace(/^\t+/, '')}\n`).join('') : rawContent;
  return { name, content, expand, stripTabs, fd, text, rawContent, span: source.spanOf(start, end) };
}

function endsBody(rawLine: string, head: HeredocHead): boolean {
  let start = 0;
  let end = rawLine.length;
  while (end > start && rawLine[end - 1] === '\r') end -= 1;
  if (head.stripTabs) while (start < end && rawLine[start] === '\t') start += 1;
  return end - start === head.name.length && rawLine.startsWith(head.name, start);
}

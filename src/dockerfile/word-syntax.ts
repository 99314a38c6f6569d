import { SlipwayError } from '../base/index.ts';

interface Place {
  /** Offsets into the text that was parsed. */
  readonly start: number;
  readonly end: number;
}

/** A word, taken apart but not expanded. */
export type WordPart =
  | (Place & { readonly type: 'text'; readonly text: string })
  /** Text that a single quote or an escape protects. */
  | (Place & { readonly type: 'literal'; readonly text: string; readonly isQuoted: boolean })
  | (Place & { readonly type: 'double-quoted'; readonly parts: readonly WordPart[] })
  | (Place & { readonly type: 'variable'; readonly name: string; readonly modifier: Modifier | undefined });

export type Modifier =
  /** `orEmpty`: written with a colon. */
  | { readonly op: '-' | '+' | '?'; readonly orEmpty: boolean; readonly word: readonly WordPart[] }
  | { readonly op: '#' | '%'; readonly pattern: readonly WordPart[] }
  | { readonly op: '/'; readonly all: boolean; readonly pattern: readonly WordPart[]; readonly replacement: readonly WordPart[] }
  /** Well-formed, but not one we know. */
  | { readonly op: 'unknown'; readonly text: string };

export interface WordSyntax {
  readonly escape: string;
  /** False in heredoc bodies, where quotes are ordinary text. Default: true. */
  readonly quotes?: boolean;
}

const nameAt = /\p{Nd}+|[@*#?$!-]|[\p{L}_][\p{L}\p{Nd}_]*/uy;
/** How deep `${a:-${b:-…}}` may go. */
const maxDepth = 100;

interface Reader {
  readonly text: string;
  readonly escape: string;
  readonly quotes: boolean;
  at: number;
  depth: number;
}

/**
 * Take `text` apart into quotes, escapes and variables.
 *
 * @throws {SlipwayError} `DF_UNCLOSED_QUOTE`, `DF_BAD_SUBSTITUTION`, `DF_UNSUPPORTED_MODIFIER`; without a place.
 */
export function parseWord(text: string, syntax: WordSyntax): readonly WordPart[] {
  return readUntil({ text, escape: syntax.escape, quotes: syntax.quotes ?? true, at: 0, depth: 0 }, undefined, false);
}

/** `keepEscapes`: in patterns the escape belongs to the pattern. Leaves the reader behind the stop character. */
function readUntil(reader: Reader, stop: '}' | '/' | undefined, keepEscapes: boolean): readonly WordPart[] {
  const { text } = reader;
  const parts: WordPart[] = [];
  let plainFrom = reader.at;
  const closePlain = (): void => {
    if (reader.at > plainFrom) {
      parts.push({ type: 'text', text: text.slice(plainFrom, reader.at), start: plainFrom, end: reader.at });
    }
  };
  while (reader.at < text.length) {
    const char = text[reader.at];
    if (char === stop) {
      closePlain();
      reader.at += 1;
      return parts;
    }
    const read = specialReader(reader, char);
    if (read === undefined) {
      reader.at += 1;
      continue;
    }
    closePlain();
    const part = read(reader, keepEscapes);
    if (part !== undefined) parts.push(part);
    plainFrom = reader.at;
  }
  if (stop !== undefined) {
    const message = stop === '}' ? "syntax error: missing '}'" : "syntax error: missing '/' in ${}";
    throw new SlipwayError('DF_BAD_SUBSTITUTION', message);
  }
  closePlain();
  return parts;
}

type PartReader = (reader: Reader, keepEscapes: boolean) => WordPart | undefined;

function specialReader(reader: Reader, char: string | undefined): PartReader | undefined {
  if (char === '$') return readDollar;
  if (reader.quotes && char === "'") return readSingleQuoted;
  if (reader.quotes && char === '"') return readDoubleQuoted;
  return char === reader.escape ? readEscape : undefined;
}

function readEscape(reader: Reader, keepEscapes: boolean): WordPart | undefined {
  const start = reader.at;
  const escaped = String.fromCodePoint(...codePoint(reader.text, start + 1));
  reader.at = start + 1 + escaped.length;
  const text = keepEscapes ? `${reader.escape}${escaped}` : escaped;
  return text === '' ? undefined : { type: 'literal', text, isQuoted: false, start, end: reader.at };
}

function codePoint(text: string, at: number): readonly number[] {
  const code = text.codePointAt(at);
  return code === undefined ? [] : [code];
}

function readSingleQuoted(reader: Reader): WordPart {
  const start = reader.at;
  const close = reader.text.indexOf("'", start + 1);
  if (close < 0) throw unclosed('single');
  reader.at = close + 1;
  return { type: 'literal', text: reader.text.slice(start + 1, close), isQuoted: true, start, end: close + 1 };
}

function unclosed(quote: 'single' | 'double'): SlipwayError {
  return new SlipwayError('DF_UNCLOSED_QUOTE', `unexpected end of statement while looking for matching ${quote}-quote`, {
    hint: `close the quote, or write the quote character with the escape character before it`,
  });
}

function readDoubleQuoted(reader: Reader, keepEscapes: boolean): WordPart {
  const { text, escape } = reader;
  const start = reader.at;
  const parts: WordPart[] = [];
  let plain = '';
  let plainFrom = start + 1;
  const closePlain = (): void => {
    if (plain !== '') parts.push({ type: 'text', text: plain, start: plainFrom, end: reader.at });
    plain = '';
  };
  reader.at += 1;
  for (;;) {
    const char = text[reader.at];
    if (char === undefined) throw unclosed('double');
    if (char === '"' || char === '$') {
      closePlain();
      if (char === '$') parts.push(readDollar(reader));
      else {
        reader.at += 1;
        return { type: 'double-quoted', parts, start, end: reader.at };
      }
      plainFrom = reader.at;
      continue;
    }
    const next = text[reader.at + 1];
    const isEscape = char === escape && (next === '"' || next === '$' || next === escape);
    plain += isEscape ? `${keepEscapes ? escape : ''}${next}` : char;
    if (char === escape && !isEscape && keepEscapes) plain += char;
    reader.at += isEscape ? 2 : 1;
  }
}

function readName(reader: Reader): string {
  nameAt.lastIndex = reader.at;
  const name = nameAt.exec(reader.text)?.[0] ?? '';
  reader.at += name.length;
  return name;
}

function readDollar(reader: Reader): WordPart {
  const { text } = reader;
  const start = reader.at;
  reader.at += 1;
  if (text[reader.at] !== '{') {
    const name = readName(reader);
    if (name === '') return { type: 'text', text: '$', start, end: reader.at };
    return { type: 'variable', name, modifier: undefined, start, end: reader.at };
  }
  reader.at += 1;
  const first = text[reader.at];
  if (first === undefined) throw new SlipwayError('DF_BAD_SUBSTITUTION', "syntax error: missing '}'");
  if (first === '{' || first === '}' || first === ':') {
    throw new SlipwayError('DF_BAD_SUBSTITUTION', 'syntax error: bad substitution', {
      hint: 'write a name after `${`; write `\\$` for a dollar sign',
    });
  }
  const name = readName(reader);
  reader.depth += 1;
  if (reader.depth > maxDepth)
    throw new SlipwayError('DF_BAD_SUBSTITUTION', `substitutions are nested more than ${maxDepth} deep`);
  const modifier = readModifier(reader);
  reader.depth -= 1;
  return { type: 'variable', name, modifier, start, end: reader.at };
}

function readModifier(reader: Reader): Modifier | undefined {
  const { text } = reader;
  const first = text[reader.at];
  reader.at += 1;
  switch (first) {
    case '}':
      return undefined;
    case undefined:
      throw new SlipwayError('DF_BAD_SUBSTITUTION', "syntax error: missing '}'");
    case '-':
    case '+':
    case '?':
      return { op: first, orEmpty: false, word: readUntil(reader, '}', false) };
    case '#':
    case '%':
      return { op: first, pattern: readUntil(reader, '}', true) };
    case '/': {
      const all = text[reader.at] === '/';
      if (all) reader.at += 1;
      const pattern = readUntil(reader, '/', true);
      return { op: '/', all, pattern, replacement: readUntil(reader, '}', true) };
    }
    case ':':
      return readColonModifier(reader);
    default:
      throw unsupportedModifier(String.fromCodePoint(...codePoint(text, reader.at - 1)));
  }
}

function readColonModifier(reader: Reader): Modifier {
  const op = String.fromCodePoint(...codePoint(reader.text, reader.at));
  reader.at += op.length;
  if (op === '#' || op === '%') throw unsupportedModifier(`:${op}`);
  const word = readUntil(reader, '}', false);
  return op === '-' || op === '+' || op === '?' ? { op, orEmpty: true, word } : { op: 'unknown', text: `:${op}` };
}

export function unsupportedModifier(text: string): SlipwayError {
  return new SlipwayError('DF_UNSUPPORTED_MODIFIER', `unsupported modifier (${text}) in substitution`, {
    hint: 'use one of `-` `:-` `+` `:+` `?` `:?` `#` `##` `%` `%%` `/` `//`',
  });
}

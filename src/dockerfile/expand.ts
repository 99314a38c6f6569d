import { SlipwayError, type SourceSpan } from '../base/index.ts';
import type { Growth } from './growth.ts';
import type { Heredoc, Word } from './instruction.ts';
import { replaceAll, replaceFirst, trimPrefix, trimSuffix } from './shell-pattern.ts';
import { type Modifier, parseWord, unsupportedModifier, type WordPart, type WordSyntax } from './word-syntax.ts';

/** Looks a variable up. `undefined` means unset, which is not the same as empty. */
export type VariableLookup = (name: string) => string | undefined;

export interface ExpandOptions {
  /** The escape token in force. Default: a backslash. */
  readonly escape?: string;
  /** Counts the values that are filled in; one for all words of a file. */
  readonly growth?: Growth | undefined;
}

/** The variables an expansion looked up, in order, each once. */
export interface Variables {
  readonly used: readonly string[];
  readonly unset: readonly string[];
}

export interface Expansion extends Variables {
  readonly value: string;
}

/**
 * Remove quotes and escapes from one word and fill in its variables. Blanks that come from a variable do not split.
 *
 * @throws {SlipwayError} `DF_UNCLOSED_QUOTE`, `DF_BAD_SUBSTITUTION`, `DF_UNSUPPORTED_MODIFIER`, `DF_BAD_PATTERN`, `DF_TOO_LONG`, or
 * `DF_VARIABLE_REQUIRED` from `${v:?}`; at the word, when it has a place.
 */
export function expandWord(word: Word | string, lookup: VariableLookup, options: ExpandOptions = {}): Expansion {
  return expanded(word, syntaxOf(options), new Seen(lookup, options.growth), (parts, seen) => ({ value: join(parts, seen) }));
}

/** Like `expandWord`, but the outcome is split at blanks that are not quoted: what EXPOSE does. */
export function expandToWords(
  word: Word | string,
  lookup: VariableLookup,
  options: ExpandOptions = {},
): Variables & { readonly words: readonly string[] } {
  return expanded(word, syntaxOf(options), new Seen(lookup, options.growth), (parts, seen) => ({ words: split(parts, seen) }));
}

/**
 * The body of a heredoc of COPY or ADD. Quotes are ordinary text there, and a backslash always escapes, whatever the
 * `escape` directive says. A heredoc with a quoted name is returned as it is.
 */
export function expandHeredoc(heredoc: Heredoc, lookup: VariableLookup, growth?: Growth): Expansion {
  if (!heredoc.expand) return { value: heredoc.content, used: [], unset: [] };
  const word = { text: heredoc.content, span: heredoc.span };
  const syntax = { escape: '\\', quotes: false };
  return expanded(word, syntax, new Seen(lookup, growth), (parts, seen) => ({ value: join(parts, seen) }));
}

/** The names of the variables a word mentions, without expanding it; a word that can't be parsed mentions none. */
export function variablesIn(text: string, options: ExpandOptions = {}): readonly string[] {
  const seen = new Seen(() => '');
  try {
    join(parseWord(text, syntaxOf(options)), seen);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
  return [...seen.used];
}

/** The variables that an expansion which fails looks up before it does. */
export function variablesUntilFailure(word: Word, lookup: VariableLookup, options: ExpandOptions = {}): Variables {
  const seen = new Seen(lookup, options.growth);
  try {
    join(parseWord(word.text, syntaxOf(options)), seen);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
  return { used: [...seen.used], unset: [...seen.unset] };
}

function syntaxOf({ escape = '\\' }: ExpandOptions): WordSyntax {
  return { escape };
}

class Seen {
  readonly used = new Set<string>();
  readonly unset = new Set<string>();
  readonly #lookup: VariableLookup;
  readonly #growth: Growth | undefined;

  constructor(lookup: VariableLookup, growth?: Growth) {
    this.#lookup = lookup;
    this.#growth = growth;
  }

  valueOf(name: string): string | undefined {
    const value = this.#lookup(name);
    (value === undefined ? this.unset : this.used).add(name);
    if (value !== undefined) this.spend(value.length);
    return value;
  }

  spend(size: number): void {
    this.#growth?.add(size);
  }
}

function expanded<T>(
  word: Word | string,
  syntax: WordSyntax,
  seen: Seen,
  produce: (parts: readonly WordPart[], seen: Seen) => T,
): T & Variables {
  const text = typeof word === 'string' ? word : word.text;
  try {
    return { ...produce(parseWord(text, syntax), seen), used: [...seen.used], unset: [...seen.unset] };
  } catch (error) {
    throw error instanceof SlipwayError ? placed(error, text, typeof word === 'string' ? undefined : word.span) : error;
  }
}

function placed(error: SlipwayError, text: string, at: SourceSpan | undefined): SlipwayError {
  if (error.at !== undefined) return error;
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const message = `failed to process ${JSON.stringify(shown)}: ${error.message}`;
  return new SlipwayError(error.code, message, { at, hint: error.hint });
}

/** Each line may double what the one before it made: sixty of them would need more memory than there is. */
export const maxExpandedLength: number = 1 << 20;
/** Looking for a pattern everywhere takes time that grows with the square of the length. */
const maxSearchedLength = 1 << 15;
const maxReplacedLength = 1 << 26;

function join(parts: readonly WordPart[], seen: Seen): string {
  const values: string[] = [];
  let length = 0;
  for (const part of parts) {
    const value = valueOf(part, seen);
    length += value.length;
    if (length > maxExpandedLength) throw tooLong(`it would be longer than ${maxExpandedLength} characters`);
    values.push(value);
  }
  return values.join('');
}

function tooLong(why: string): SlipwayError {
  return new SlipwayError('DF_TOO_LONG', why, { hint: 'do variables grow from line to line? Put long values into a file' });
}

function valueOf(part: WordPart, seen: Seen): string {
  switch (part.type) {
    case 'text':
    case 'literal':
      return part.text;
    case 'double-quoted':
      return join(part.parts, seen);
    case 'variable':
      return part.modifier === undefined ? (seen.valueOf(part.name) ?? '') : modified(part.name, part.modifier, seen);
  }
}

function modified(name: string, modifier: Modifier, seen: Seen): string {
  switch (modifier.op) {
    case '-':
    case '+':
    case '?':
      return choose(name, modifier, seen);
    case '#':
    case '%': {
      const pattern = join(modifier.pattern, seen);
      const value = seen.valueOf(name) ?? '';
      const longest = pattern.startsWith(modifier.op);
      const trim = modifier.op === '#' ? trimPrefix : trimSuffix;
      return trim(value, longest ? pattern.slice(1) : pattern, longest);
    }
    case '/': {
      const pattern = join(modifier.pattern, seen);
      const replacement = join(modifier.replacement, seen);
      const value = seen.valueOf(name) ?? '';
      if (value.length > maxSearchedLength) throw tooLong(`${name} has more than ${maxSearchedLength} characters to search`);
      // At most every character is replaced, and the place before the first.
      if ((value.length + 1) * replacement.length > maxReplacedLength)
        throw tooLong('the replacement is too long for so long a value');
      seen.spend(searchWork(value, pattern));
      return (modifier.all ? replaceAll : replaceFirst)(value, pattern, replacement);
    }
    case 'unknown':
      seen.valueOf(name);
      throw unsupportedModifier(modifier.text);
  }
}

/** With a star, each place may be tried with each end. */
function searchWork(value: string, pattern: string): number {
  return pattern.includes('*') ? (value.length * value.length) / 8 : value.length;
}

function choose(name: string, modifier: Extract<Modifier, { op: '-' | '+' | '?' }>, seen: Seen): string {
  const word = join(modifier.word, seen);
  const value = seen.valueOf(name);
  const isMissing = value === undefined || (modifier.orEmpty && value === '');
  if (modifier.op === '+') return isMissing ? '' : word;
  if (!isMissing) return value;
  if (modifier.op === '-') return word;
  const reason = word === '' ? `is not allowed to be ${value === undefined ? 'unset' : 'empty'}` : word;
  throw new SlipwayError('DF_VARIABLE_REQUIRED', `${name}: ${reason}`, {
    hint: `give \`${name}\` a value with ARG, ENV or \`--build-arg ${name}=…\``,
  });
}

function split(parts: readonly WordPart[], seen: Seen): readonly string[] {
  const words: string[] = [];
  let word = '';
  for (const part of parts) {
    const value = valueOf(part, seen);
    if (part.type === 'literal' || part.type === 'double-quoted') {
      word += value;
      continue;
    }
    const [first = '', ...rest] = value.split(/\s+/);
    word += first;
    for (const next of rest) {
      if (word !== '') words.push(word);
      word = next;
    }
  }
  if (word !== '') words.push(word);
  return words;
}

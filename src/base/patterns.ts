import { SlipwayError, type SourceSpan } from './errors.ts';
import { escapeLiteral, isGlob, readClass } from './glob.ts';

/** One line of an ignore file, cleaned: no comment, no blanks, no leading slash. `!` is kept. */
export interface PatternLine {
  readonly pattern: string;
  /** 1-based. */
  readonly line: number;
}

/** The answer for one path, and all that is needed to answer for what lies below it. */
export interface MatchState {
  readonly path: string;
  readonly isMatched: boolean;
  /** Some path below may get the other answer; when false a walker need not descend to find out. */
  readonly mayDifferBelow: boolean;
  /** The pattern that decided, if any did. */
  readonly decidedBy: PatternLine | undefined;
  /** Per pattern: did it match this path or one of its parents? */
  readonly hits: Uint8Array;
}

/** An ordered list of patterns; the last one that matches a path or one of its parents decides. `!` takes a match back. */
export interface PathMatcher {
  readonly isEmpty: boolean;
  /** Is `path` (relative, cleaned) matched, parents considered? The root `''` never is. */
  matches(path: string): boolean;
  /** The pattern that decided about `path`; undefined when none applies. */
  which(path: string): PatternLine | undefined;
  readonly root: MatchState;
  /** The state of the child `name` of a directory. Walkers that call this get the same answers as `matches`. */
  enter(parent: MatchState, name: string): MatchState;
}

/** The patterns of an ignore file. Never fails: bad patterns are found by `compilePatterns`. */
export function parseIgnoreFile(text: string): readonly PatternLine[] {
  const lines: PatternLine[] = [];
  for (const [index, raw] of text
    .replace(/^\u{feff}/u, '')
    .split(/\r?\n/)
    .entries()) {
    if (raw.startsWith('#')) continue;
    const pattern = cleanPattern(raw);
    if (pattern !== '') lines.push({ pattern, line: index + 1 });
  }
  return lines;
}

/**
 * Compile patterns in the dialect of `.dockerignore`. Plain strings are cleaned as lines of an ignore file are.
 *
 * @param file names the file in errors, for `PatternLine`s that came from one.
 * @throws {SlipwayError} `PATTERN_SYNTAX`, at the line where that is known.
 */
export function compilePatterns(lines: readonly (string | PatternLine)[], file?: string): PathMatcher {
  const patterns: Pattern[] = [];
  for (const line of lines) {
    const parsed = typeof line === 'string' ? { pattern: cleanPattern(line), line: 0 } : line;
    if (parsed.pattern !== '') patterns.push(compileOne(parsed, file));
  }
  return new Matcher(patterns);
}

interface Pattern {
  readonly source: PatternLine;
  readonly isException: boolean;
  readonly test: (path: string) => boolean;
  /** Components before the first wildcard. */
  readonly literal: readonly string[];
  /** Longest path it can match, in components. */
  readonly depth: number;
}

class Matcher implements PathMatcher {
  readonly #patterns: readonly Pattern[];
  readonly root: MatchState;

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
    const isEmpty = patterns.length === 0;
    this.root = {
      path: '',
      isMatched: false,
      mayDifferBelow: !isEmpty,
      decidedBy: undefined,
      hits: new Uint8Array(patterns.length),
    };
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  matches(path: string): boolean {
    return this.#walk(path).isMatched;
  }

  which(path: string): PatternLine | undefined {
    return this.#walk(path).decidedBy;
  }

  enter(parent: MatchState, name: string): MatchState {
    const path = parent.path === '' ? name : `${parent.path}/${name}`;
    if (!parent.mayDifferBelow) return { ...parent, path };
    const hits = new Uint8Array(this.#patterns.length);
    let isMatched = false;
    let decider = -1;
    for (const [index, pattern] of this.#patterns.entries()) {
      // A pattern that cannot change the answer is not tried, and then counts as not matched for the children too.
      const isHit = parent.hits[index] === 1 || (pattern.isException === isMatched && pattern.test(path));
      if (!isHit) continue;
      hits[index] = 1;
      isMatched = !pattern.isException;
      decider = index;
    }
    const decidedBy = this.#patterns[decider]?.source;
    return { path, isMatched, mayDifferBelow: this.#mayDiffer(path, isMatched, decider), decidedBy, hits };
  }

  #walk(path: string): MatchState {
    let state = this.root;
    if (path === '') return state;
    for (const name of path.split('/')) state = this.enter(state, name);
    return state;
  }

  #mayDiffer(path: string, isMatched: boolean, decider: number): boolean {
    let parts: readonly string[] | undefined;
    for (let index = decider + 1; index < this.#patterns.length; index++) {
      const pattern = this.#patterns[index];
      if (pattern === undefined || pattern.isException !== isMatched) continue;
      parts ??= path.split('/');
      if (pattern.depth > parts.length && sharesPrefix(pattern.literal, parts)) return true;
    }
    return false;
  }
}

function sharesPrefix(literal: readonly string[], parts: readonly string[]): boolean {
  const count = Math.min(literal.length, parts.length);
  for (let index = 0; index < count; index++) if (literal[index] !== parts[index]) return false;
  return true;
}

function compileOne(source: PatternLine, file: string | undefined): Pattern {
  const isException = source.pattern.startsWith('!');
  const text = isException ? source.pattern.slice(1) : source.pattern;
  if (text === '')
    throw badPattern(source, file, 'illegal exclusion pattern: "!"', 'write the path to include again after the `!`');
  if (!isGlob(text)) {
    const hint = 'close every `[` with a `]`, and write `\\[` for the character itself';
    throw badPattern(source, file, `syntax error in pattern \`${text}\``, hint);
  }
  const parts = text.split('/');
  const firstWild = parts.findIndex((part) => /[*?[\\]/.test(part));
  // A class may match a slash, so only patterns without one have a known depth.
  const isDeep = text.includes('**') || text.includes('[');
  return {
    source,
    isException,
    test: compileTest(text),
    literal: firstWild < 0 ? parts : parts.slice(0, firstWild),
    depth: isDeep ? Number.POSITIVE_INFINITY : parts.length,
  };
}

function compileTest(text: string): (path: string) => boolean {
  if (!/[*?[\\]/.test(text)) return (path) => path === text;
  const ends = text.startsWith('**') ? text.slice(2) : undefined;
  if (ends !== undefined && !/[*?[\\\]]/.test(ends)) {
    const alone = ends.startsWith('/') ? ends.slice(1) : ends;
    return (path) => path.endsWith(ends) || path === alone;
  }
  const begins = text.endsWith('**') ? text.slice(0, -2) : undefined;
  if (begins !== undefined && !/[*?[\\\]]/.test(begins)) return (path) => path.startsWith(begins);
  const expression = new RegExp(`^${expressionSource(text)}$`, 'su');
  return (path) => expression.test(path);
}

function expressionSource(text: string): string {
  let source = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '*' && text[at + 1] === '*') {
      while (text[at + 1] === '*') at += 1;
      if (text[at + 1] === '/') at += 1;
      source += at + 1 >= text.length ? '.*' : '(?:.*/)?';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const found = readClass(text, at);
      source += found?.source ?? '';
      at = (found?.end ?? at + 1) - 1;
    } else if (char === '\\') {
      at += 1;
      source += escapeLiteral(text[at] ?? '');
    } else source += escapeLiteral(char);
  }
  return source;
}

/** Trim, clean the path lexically and drop one leading slash; `!` stays in front. */
function cleanPattern(raw: string): string {
  const trimmed = raw.trim();
  if (trimmed === '') return '';
  if (!trimmed.startsWith('!')) return cleanPath(trimmed);
  const rest = trimmed.slice(1).trim();
  return rest === '' ? '!' : `!${cleanPath(rest)}`;
}

function cleanPath(path: string): string {
  const isAbsolute = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!isAbsolute) parts.push('..');
  }
  if (parts.length === 0) return isAbsolute ? '/' : '.';
  return parts.join('/');
}

function badPattern(source: PatternLine, file: string | undefined, message: string, hint: string): SlipwayError {
  if (file === undefined) return new SlipwayError('PATTERN_SYNTAX', message, { hint });
  const at: SourceSpan = {
    file,
    start: { line: source.line, column: 1 },
    end: { line: source.line, column: source.pattern.length + 1 },
  };
  return new SlipwayError('PATTERN_SYNTAX', `failed parsing ${file}: ${message}`, { at, hint });
}

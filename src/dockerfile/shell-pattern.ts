import { SlipwayError } from '../base/index.ts';

/** One element of a pattern: a character to match as it is, any one character, or any run of characters. */
type Token = { readonly type: 'char'; readonly char: string } | { readonly type: 'one' } | { readonly type: 'many' };

/** `*` and `?` are wild; a backslash makes `*`, `?`, `\`, `/` and `}` literal. */
function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  let isEscaped = false;
  for (const char of pattern) {
    if (isEscaped) {
      if (!'*?\\/}'.includes(char)) throw invalidPattern(pattern, `invalid escape '\\${char}'`);
      tokens.push({ type: 'char', char });
      isEscaped = false;
    } else if (char === '\\') isEscaped = true;
    else if (char === '?') tokens.push({ type: 'one' });
    else if (char !== '*') tokens.push({ type: 'char', char });
    else if (tokens.at(-1)?.type !== 'many') tokens.push({ type: 'many' });
  }
  if (isEscaped) throw invalidPattern(pattern, 'it ends in the middle of an escape');
  return tokens;
}

function invalidPattern(pattern: string, reason: string): SlipwayError {
  return new SlipwayError('DF_BAD_PATTERN', `invalid pattern (${pattern}) in substitution: ${reason}`, {
    hint: 'only `*` and `?` are wild; a backslash may stand before `*`, `?` and `\\`',
  });
}

/**
 * Each `*` but the last takes as little as it can and never gives anything back (a lookahead is atomic), which finds
 * the same matches as full backtracking would, without its cost.
 */
function regexOf(tokens: readonly Token[], longest: boolean, isAnchored: boolean): RegExp {
  const segments: string[] = [''];
  for (const token of tokens) {
    if (token.type === 'many') segments.push('');
    else segments[segments.length - 1] += token.type === 'one' ? '[^\\n]' : token.char.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  }
  const [first = '', ...rest] = segments;
  const source = rest.map((segment, index) => {
    if (index === rest.length - 1) return `[^\\n]*${longest ? '' : '?'}${segment}`;
    return `(?=([^\\n]*?${segment}))\\${index + 1}`;
  });
  return new RegExp(`${isAnchored ? '^' : ''}${first}${source.join('')}`, 'u');
}

export function trimPrefix(value: string, pattern: string, longest: boolean): string {
  const match = regexOf(tokensOf(pattern), longest, true).exec(value);
  return match === null ? value : value.slice(match[0].length);
}

export function trimSuffix(value: string, pattern: string, longest: boolean): string {
  const backwards = Array.from(value).reverse().join('');
  const match = regexOf(tokensOf(pattern).reverse(), longest, true).exec(backwards);
  return match === null ? value : value.slice(0, value.length - match[0].length);
}

/** Replace the first match, literally. */
export function replaceFirst(value: string, pattern: string, replacement: string): string {
  return value.replace(regexOf(tokensOf(pattern), true, false), () => replacement);
}

/** Replace every match. As in Go's regexp, `$0` in the replacement is the match, other `$name` are empty, `$$` is `$`. */
export function replaceAll(value: string, pattern: string, replacement: string): string {
  const global = new RegExp(regexOf(tokensOf(pattern), true, false).source, 'gu');
  return value.replace(global, (match) =>
    replacement.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (all, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return all.slice(1);
      return name === '0' ? match : '';
    }),
  );
}

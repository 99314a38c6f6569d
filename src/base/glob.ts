/** A compiled pattern: does it match the whole of `name`? */
export type Glob = (name: string) => boolean;

/**
 * Compile a pattern as Go's `filepath.Match` reads it: `*` and `?` never match `/`, `[a-z]` and `[^a-z]` are classes,
 * `\` takes the next character as it is. Works on one path component and on whole paths alike. A malformed pattern matches nothing.
 */
export function compileGlob(pattern: string): Glob {
  if (!isGlob(pattern)) return () => false;
  if (!/[*?[\\]/.test(pattern)) return (name) => name === pattern;
  const expression = new RegExp(`^${globSource(pattern)}$`, 'su');
  return (name) => expression.test(name);
}

/** Does `path` hold a wildcard that no backslash takes away? */
export function hasWildcard(path: string): boolean {
  for (let at = 0; at < path.length; at++) {
    const char = path[at];
    if (char === '\\') at += 1;
    else if (char === '*' || char === '?' || char === '[') return true;
  }
  return false;
}

/** Would Go's `filepath.Match` accept `pattern`? */
export function isGlob(pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '\\') {
      at += 1;
      if (at >= pattern.length) return false;
    } else if (char === '[') {
      const found = readClass(pattern, at);
      if (found === undefined) return false;
      at = found.end - 1;
    }
  }
  return true;
}

/** One character as a regular expression that matches exactly it. */
export function escapeLiteral(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

/**
 * Read the class that starts at `pattern[start] === '['`.
 * `source` is a regular expression for the `u` flag; `end` is the index after the closing bracket.
 */
export function readClass(pattern: string, start: number): { readonly source: string; readonly end: number } | undefined {
  let at = start + 1;
  const negated = pattern[at] === '^';
  if (negated) at += 1;
  let source = '';
  for (let count = 0; ; count++) {
    if (pattern[at] === ']' && count > 0) return { source: `[${negated ? '^' : ''}${source}]`, end: at + 1 };
    const low = readClassChar(pattern, at);
    if (low === undefined) return undefined;
    at = low.end;
    let high = low;
    if (pattern[at] === '-') {
      const end = readClassChar(pattern, at + 1);
      if (end === undefined) return undefined;
      high = end;
      at = end.end;
    }
    if (low.code <= high.code) source += `\\u{${low.code.toString(16)}}-\\u{${high.code.toString(16)}}`;
  }
}

function readClassChar(pattern: string, start: number): { readonly code: number; readonly end: number } | undefined {
  let at = start;
  if (pattern[at] === '-' || pattern[at] === ']') return undefined;
  if (pattern[at] === '\\') at += 1;
  const code = pattern.codePointAt(at);
  if (code === undefined) return undefined;
  const end = at + (code > 0xffff ? 2 : 1);
  return end < pattern.length ? { code, end } : undefined;
}

function globSource(pattern: string): string {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (char === '*') {
      while (pattern[at + 1] === '*') at += 1;
      source += '[^/]*';
    } else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const found = readClass(pattern, at);
      source += found?.source ?? '';
      at = (found?.end ?? at + 1) - 1;
    } else if (char === '\\') {
      at += 1;
      source += escapeLiteral(pattern[at] ?? '');
    } else source += escapeLiteral(char);
  }
  return source;
}

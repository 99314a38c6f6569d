import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlipwayError } from './errors.ts';
import { compilePatterns, type MatchState, parseIgnoreFile, type PathMatcher } from './patterns.ts';

test.for<[patterns: string[], path: string, isMatched: boolean]>([
  [['*.md'], 'a.md', true],
  [['*.md'], 'd/a.md', false],
  [['**/*.md'], 'a.md', true],
  [['**/*.md'], 'd/e/a.md', true],
  [['*/temp*'], 'd/temp.txt', true],
  [['*/temp*'], 'd/e/temp', false],
  [['*/*/temp*'], 'd/e/temporary.txt', true],
  [['temp?'], 'tempa', true],
  [['temp?'], 'temp', false],
  [['*.md', '!README*.md', 'README-secret.md'], 'README.md', false],
  [['*.md', '!README*.md', 'README-secret.md'], 'README-secret.md', true],
  [['*.md', 'README-secret.md', '!README*.md'], 'README-secret.md', false],
  [['!README*.md', '*.md'], 'README.md', true],
  [['foo'], 'foo/a/b', true],
  [['foo'], 'foobar', false],
  [['foo'], 'd/foo', false],
  [['d/**'], 'd', false],
  [['d/**'], 'd/x', true],
  [['d/**'], 'd/x/y', true],
  [['**'], 'a/b', true],
  [['.'], 'a', false],
  [['/'], 'a', false],
  [['**/foo'], 'foo', true],
  [['**/foo'], 'a/b/foo', true],
  [['**/foo'], 'xfoo', false],
  [['**/foo'], 'a/foo/b', true],
  [['foo**'], 'foobar/x', true],
  [['a/**/b'], 'a/b', true],
  [['a/**/b'], 'a/x/y/b', true],
  [['a/**/b'], 'a/xb', false],
  [['a**b'], 'ab', true],
  [['a**/*.go'], 'a/x/y.go', true],
  [['/foo'], 'foo', true],
  [['./foo'], 'foo', true],
  [['foo/'], 'foo', true],
  [['x/../foo'], 'foo', true],
  [['../foo'], 'foo', false],
  [['a.b'], 'axb', false],
  [['a+(b)'], 'a+(b)', true],
  [['a|b*'], 'a', false],
  [['\\#x'], '#x', true],
  [['[a-c].txt'], 'b.txt', true],
  [['[^a-c].txt'], 'b.txt', false],
])('CTX-02 CTX-04 matches() %j on %s is %s', ([patterns, path, isMatched]) => {
  expect(compilePatterns(patterns).matches(path)).toBe(isMatched);
});

test.for<[patterns: string[], path: string, isMatched: boolean]>([
  [['dir', '!dir/keep'], 'dir/x', true],
  [['dir', '!dir/keep'], 'dir/keep', false],
  [['dir', '!dir/keep'], 'dir/keep/below', false],
  [['!dir/keep', 'dir'], 'dir/keep', true],
  [['*', '!a/b'], 'a', true],
  [['*', '!a/b'], 'a/b', false],
  [['*', '!a/b'], 'a/c', true],
  [['dir', '!dir'], 'dir/x', false],
  [['dir', '!dir', 'dir/x'], 'dir/x', true],
])('CTX-03 matches() %j on %s is %s', ([patterns, path, isMatched]) => {
  expect(compilePatterns(patterns).matches(path)).toBe(isMatched);
});

test.for<[patterns: string[], dir: string, mayDiffer: boolean]>([
  [['dir'], 'dir', false],
  [['dir', '!dir/keep'], 'dir', true],
  [['dir', '!dir/a/keep'], 'dir/a', true],
  [['dir', '!dir/a/keep'], 'dir/b', false],
  [['dir', '!other/keep'], 'dir', false],
  [['!dir/keep', 'dir'], 'dir', false],
  [['*', '!**/keep'], 'dir', true],
  [['*', '!*/keep'], 'dir', true],
  [['*', '!*/keep'], 'dir/sub', false],
  [['a/b'], 'a', true],
  [['a/b'], 'c', false],
])('CTX-03 enter() %j in %s tells whether to descend: %s', ([patterns, dir, mayDiffer]) => {
  const matcher = compilePatterns(patterns);
  let state = matcher.root;
  for (const name of dir.split('/')) state = matcher.enter(state, name);
  expect(state.mayDifferBelow).toBe(mayDiffer);
});

test('CTX-05 parseIgnoreFile() leaves out comments, blanks and the byte order mark, and counts lines', () => {
  expect(parseIgnoreFile('\u{feff}# c\n\n a \n #b\r\n/c/\n! ./d\n!\n')).toEqual([
    { pattern: 'a', line: 3 },
    { pattern: '#b', line: 4 },
    { pattern: 'c', line: 5 },
    { pattern: '!d', line: 6 },
    { pattern: '!', line: 7 },
  ]);
});

test('CTX-05 an empty ignore file matches nothing', () => {
  const matcher = compilePatterns(parseIgnoreFile(''));
  expect(matcher.isEmpty).toBe(true);
  expect(matcher.matches('a')).toBe(false);
  expect(matcher.root.mayDifferBelow).toBe(false);
});

test.for<[text: string, line: number, message: string]>([
  ['a\n!\n', 2, 'failed parsing .dockerignore: illegal exclusion pattern: "!"'],
  ['[\n', 1, 'failed parsing .dockerignore: syntax error in pattern `[`'],
  ['x\n\n![a\n', 3, 'failed parsing .dockerignore: syntax error in pattern `[a`'],
  ['a\\\n', 1, 'failed parsing .dockerignore: syntax error in pattern `a\\`'],
])('CTX-06 compilePatterns() refuses %j on line %i', ([text, line, message]) => {
  let thrown: unknown;
  try {
    compilePatterns(parseIgnoreFile(text), '.dockerignore');
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(SlipwayError);
  expect(thrown).toMatchObject({ code: 'PATTERN_SYNTAX', message, at: { file: '.dockerignore', start: { line, column: 1 } } });
});

test('which() names the deciding pattern with its line', () => {
  const matcher = compilePatterns(parseIgnoreFile('# x\n*.md\n!README.md'));
  expect(matcher.which('a.md')).toEqual({ pattern: '*.md', line: 2 });
  expect(matcher.which('README.md')).toEqual({ pattern: '!README.md', line: 3 });
  expect(matcher.which('a.txt')).toBeUndefined();
});

const name = fc.constantFrom('a', 'b', 'ab', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const part = fc.constantFrom('a', 'b', '*', '?', 'a*', '**', '[ab]', 'c');
const pattern = fc
  .tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 3 }))
  .map(([isException, parts]) => `${isException ? '!' : ''}${parts.join('/')}`);

test('a pruned walk sees every path whose answer is not its directory’s', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 5 }), path, (patterns, target) => {
      const matcher = compilePatterns(patterns);
      expect(pruned(matcher, target)).toBe(plain(matcher, target));
    }),
    { numRuns: 2000 },
  );
});

/** Stop where the matcher says that nothing below differs. */
function pruned(matcher: PathMatcher, target: string): boolean {
  let state: MatchState = matcher.root;
  for (const part of target.split('/')) {
    if (!state.mayDifferBelow) return state.isMatched;
    state = matcher.enter(state, part);
  }
  return state.isMatched;
}

/** Never stop. */
function plain(matcher: PathMatcher, target: string): boolean {
  let state: MatchState = matcher.root;
  for (const part of target.split('/')) state = matcher.enter({ ...state, mayDifferBelow: true }, part);
  return state.isMatched;
}

/** Directory after directory. A pattern is asked where it can change the answer, and then holds for all that is below. */
function slowly(patterns: readonly string[], target: string): boolean {
  const parts = target.split('/');
  let isExcluded = false;
  let above: readonly boolean[] = [];
  for (const depth of parts.keys()) {
    const place = parts.slice(0, depth + 1).join('/');
    isExcluded = false;
    above = patterns.map((text, index) => {
      const isException = text.startsWith('!');
      const isHit = above[index] === true || (isException === isExcluded && glob(isException ? text.slice(1) : text, place));
      if (isHit) isExcluded = !isException;
      return isHit;
    });
  }
  return isExcluded;
}

/** Letter by letter, trying every length for every star. */
function glob(text: string, subject: string): boolean {
  if (text === '') return subject === '';
  const rests = Array.from({ length: subject.length + 1 }, (_, at) => [subject.slice(0, at), subject.slice(at)] as const);
  if (text === '**') return true;
  if (text.startsWith('**')) {
    const after = text.slice(text[2] === '/' ? 3 : 2);
    // `**/` takes a slash with it, also at the end.
    if (after === '') return true;
    return rests.some(([taken, rest]) => (taken === '' || taken.endsWith('/')) && glob(after, rest));
  }
  if (text.startsWith('*')) return rests.some(([taken, rest]) => !taken.includes('/') && glob(text.slice(1), rest));
  const [first = ''] = subject;
  if (text.startsWith('?')) return first !== '' && first !== '/' && glob(text.slice(1), subject.slice(1));
  if (text.startsWith('[ab]')) return 'ab'.includes(first) && first !== '' && glob(text.slice(4), subject.slice(1));
  return first === text[0] && glob(text.slice(1), subject.slice(1));
}

test('the matcher answers as the obvious one does, whatever the patterns', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 5 }), path, (patterns, target) => {
      expect(compilePatterns(patterns).matches(target)).toBe(slowly(patterns, target));
    }),
    { numRuns: 2000 },
  );
});

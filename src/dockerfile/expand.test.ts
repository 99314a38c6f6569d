import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlipwayError } from '../base/index.ts';
import { expandHeredoc, expandToWords, expandWord, variablesIn } from './expand.ts';
import type { Heredoc } from './instruction.ts';

const values: Readonly<Record<string, string>> = {
  v: 'value',
  empty: '',
  blank: 'a b  c',
  path: '/usr/local/bin/tool.tar.gz',
  dash: 'a-b-c',
  dots: 'a.b.c',
  slash: 'a/b}c',
  star: 'a*b?c',
  lines: 'one\ntwo',
  ünï: 'unicode',
  pat: '*/',
  dollar: '$v',
};
const lookup = (name: string): string | undefined => (Object.hasOwn(values, name) ? values[name] : undefined);

test.for([
  ['DF-VAR-01 a bare variable', '$v', 'value'],
  ['DF-VAR-01 a braced variable', '${v}', 'value'],
  ['DF-VAR-01 text around', 'a$v-b${v}c', 'avalue-bvaluec'],
  ['DF-VAR-01 a name ends where it must', '$v.$v/$v:', 'value.value/value:'],
  ['DF-VAR-01 a Unicode name', '$ünï', 'unicode'],
  ['DF-VAR-02 :- with a value', '${v:-w}', 'value'],
  ['DF-VAR-02 :- unset', '${u:-w}', 'w'],
  ['DF-VAR-02 :- empty', '${empty:-w}', 'w'],
  ['DF-VAR-02 - with a value', '${v-w}', 'value'],
  ['DF-VAR-02 - unset', '${u-w}', 'w'],
  ['DF-VAR-02 - empty', '${empty-w}', ''],
  ['DF-VAR-02 :+ with a value', '${v:+w}', 'w'],
  ['DF-VAR-02 :+ unset', '${u:+w}', ''],
  ['DF-VAR-02 :+ empty', '${empty:+w}', ''],
  ['DF-VAR-02 + with a value', '${v+w}', 'w'],
  ['DF-VAR-02 + unset', '${u+w}', ''],
  ['DF-VAR-02 + empty', '${empty+w}', 'w'],
  ['DF-VAR-03 ? with a value', '${v?no}${v:?no}', 'valuevalue'],
  ['DF-VAR-03 ? empty', 'x${empty?no}', 'x'],
  ['DF-VAR-04 # shortest', '${path#*/}', 'usr/local/bin/tool.tar.gz'],
  ['DF-VAR-04 ## longest', '${path##*/}', 'tool.tar.gz'],
  ['DF-VAR-04 # without a match', '${path#x}', '/usr/local/bin/tool.tar.gz'],
  ['DF-VAR-04 # literal', '${path#/usr}', '/local/bin/tool.tar.gz'],
  ['DF-VAR-04 % shortest', '${path%.*}', '/usr/local/bin/tool.tar'],
  ['DF-VAR-04 %% longest', '${path%%.*}', '/usr/local/bin/tool'],
  ['DF-VAR-04 % question mark', '${v%?}', 'valu'],
  ['DF-VAR-04 several stars, shortest', '${path#/*/*/}', 'bin/tool.tar.gz'],
  ['DF-VAR-04 several stars, longest', '${path##/*/*/}', 'tool.tar.gz'],
  ['DF-VAR-04 a star takes no line break', '${lines#*e}', '\ntwo'],
  ['DF-VAR-04 a pattern from a variable', '${path#$pat}', 'usr/local/bin/tool.tar.gz'],
  ['DF-VAR-04 an unset variable', 'x${u##*}${u%y}', 'x'],
  ['DF-VAR-05 / first', '${dash/-/+}', 'a+b-c'],
  ['DF-VAR-05 // all', '${dash//-/+}', 'a+b+c'],
  ['DF-VAR-05 empty replacement', '${dash//-/}', 'abc'],
  ['DF-VAR-05 longest match', '${path/b*./X}', '/usr/local/Xgz'],
  ['DF-VAR-05 no match', '${dash/x/y}', 'a-b-c'],
  ['DF-VAR-05 a replacement with a variable', '${dash/-/$v}', 'avalueb-c'],
  ['DF-VAR-05 a dollar in the first-only replacement is literal', "${dash/-/'$0'}", 'a$0b-c'],
  ['DF-VAR-05 $0 in the replacement of all is the match', "${dash//-/'<$0>'}", 'a<->b<->c'],
  ['DF-VAR-05 other groups are empty', "${dash//-/'<$1$$>'}", 'a<$>b<$>c'],
  ['DF-VAR-06 escaped slash', '${slash/a\\/b/X}', 'X}c'],
  ['DF-VAR-06 escaped brace', '${slash/\\}/X}', 'a/bXc'],
  ['DF-VAR-06 escaped wildcards', '${star/\\*/X}${star//\\?/Y}', 'aXb?ca*bYc'],
  ['DF-VAR-06 a dot is a dot', '${dots//./-}${v/./-}', 'a-b-cvalue'],
  ['DF-VAR-06 brackets are text', '${v/[a-z]/-}', 'value'],
  ['DF-VAR-07 nested default', '${u:-${v}}', 'value'],
  ['DF-VAR-07 deeper', '${u:-${u:-$u${v}!}}', 'value!'],
  ['DF-VAR-07 quotes in the word', '${u:-"a }" \'b}\'}', 'a } b}'],
  ['DF-VAR-09 positional', '$1x${2}$12y', 'xy'],
  ['DF-VAR-09 special', '$$v$@$*$?$-$!$#$0', 'v'],
  ['DF-VAR-09 doubled dollar', 'a$$b', 'ab'],
  ['DF-VAR-09 escaped dollar', '\\$v', '$v'],
  ['DF-VAR-09 a dollar before other text', '$.$ $', '$.$ $'],
  ['DF-VAR-10 single quotes', "'$v\\'", '$v\\'],
  ['DF-VAR-10 double quotes', '"$v ${v}"', 'value value'],
  ['DF-VAR-10 quotes in quotes', '"it\'s"\'"\'', 'it\'s"'],
  ['DF-VAR-10 escapes in double quotes', '"\\"\\$v\\\\\\n"', '"$v\\\\n'],
  ['escapes outside of quotes', 'a\\ b\\"c\\n', 'a b"cn'],
  ['an escape at the end is dropped', 'a\\', 'a'],
  ['DF-VAR-11 unset', '/$u/${u}x', '//x'],
  ['DF-VAR-11 no second pass over a value', '$dollar', '$v'],
  ['DF-VAR-17 blanks of a value stay', '$blank', 'a b  c'],
  ['blanks of the word stay', ' a  b ', ' a  b '],
])('expandWord() %s', ([, word = '', value]) => {
  expect(expandWord(word, lookup).value).toBe(value);
});

test.for([
  ['`$v', '$v'],
  ['C:\\dir\\$v', 'C:\\dir\\value'],
  ['"`"\\x`$"', '"\\x$'],
  ['``', '`'],
])('expandWord() takes a backtick for the escape: %s', ([word = '', value]) => {
  expect(expandWord(word, lookup, { escape: '`' }).value).toBe(value);
});

test.for([
  ['DF-VAR-03 unset', '${u?}', 'DF_VARIABLE_REQUIRED', 'u: is not allowed to be unset'],
  ['DF-VAR-03 unset with a colon', '${u:?}', 'DF_VARIABLE_REQUIRED', 'u: is not allowed to be unset'],
  ['DF-VAR-03 empty', '${empty:?}', 'DF_VARIABLE_REQUIRED', 'empty: is not allowed to be empty'],
  ['DF-VAR-03 with a message', '${u?set $v}', 'DF_VARIABLE_REQUIRED', 'u: set value'],
  ['DF-VAR-03 in a default that is not needed', '${v:-${u?}}', 'DF_VARIABLE_REQUIRED', 'u: is not allowed to be unset'],
  ['DF-VAR-08 nothing', '${}', 'DF_BAD_SUBSTITUTION', 'syntax error: bad substitution'],
  ['DF-VAR-08 no name', '${:x}', 'DF_BAD_SUBSTITUTION', 'syntax error: bad substitution'],
  ['DF-VAR-08 brace', '${{x}}', 'DF_BAD_SUBSTITUTION', 'syntax error: bad substitution'],
  ['DF-VAR-08 open', '${v', 'DF_BAD_SUBSTITUTION', "syntax error: missing '}'"],
  ['DF-VAR-08 open at once', '${', 'DF_BAD_SUBSTITUTION', "syntax error: missing '}'"],
  ['DF-VAR-08 open word', '${v:-x', 'DF_BAD_SUBSTITUTION', "syntax error: missing '}'"],
  ['DF-VAR-08 open pattern', '${v/x}', 'DF_BAD_SUBSTITUTION', "syntax error: missing '/' in ${}"],
  ['DF-VAR-08 open replacement', '${v/x/y', 'DF_BAD_SUBSTITUTION', "syntax error: missing '}'"],
  ['DF-VAR-08 substring', '${v:1:2}', 'DF_UNSUPPORTED_MODIFIER', 'unsupported modifier (:1) in substitution'],
  ['DF-VAR-08 assign', '${v:=w}', 'DF_UNSUPPORTED_MODIFIER', 'unsupported modifier (:=) in substitution'],
  ['DF-VAR-08 case', '${v^^}', 'DF_UNSUPPORTED_MODIFIER', 'unsupported modifier (^) in substitution'],
  ['DF-VAR-08 length', '${#v}', 'DF_UNSUPPORTED_MODIFIER', 'unsupported modifier (v) in substitution'],
  ['DF-VAR-08 :#', '${v:#x}', 'DF_UNSUPPORTED_MODIFIER', 'unsupported modifier (:#) in substitution'],
  ['DF-VAR-08 :%', '${v:%x}', 'DF_UNSUPPORTED_MODIFIER', 'unsupported modifier (:%) in substitution'],
  [
    'DF-VAR-06 bad escape in a pattern',
    '${v#\\x}',
    'DF_BAD_PATTERN',
    "invalid pattern (\\x) in substitution: invalid escape '\\x'",
  ],
  [
    'DF-VAR-10 open single quote',
    "'a",
    'DF_UNCLOSED_QUOTE',
    'unexpected end of statement while looking for matching single-quote',
  ],
  [
    'DF-VAR-10 open double quote',
    '"a',
    'DF_UNCLOSED_QUOTE',
    'unexpected end of statement while looking for matching double-quote',
  ],
])('expandWord() refuses %s', ([, word = '', code, message]) => {
  const span = { file: 'Dockerfile', start: { line: 3, column: 4 }, end: { line: 3, column: 9 } };
  const error = thrownBy(() => expandWord({ text: word, span }, lookup));
  expect(error).toMatchObject({ code, at: span, message: `failed to process ${JSON.stringify(word)}: ${message}` });
});

test('expandWord() refuses substitutions nested too deep instead of overflowing the stack', () => {
  const deep = `${'${u:-'.repeat(50_000)}x${'}'.repeat(50_000)}`;
  expect(thrownBy(() => expandWord(deep, lookup))).toMatchObject({ code: 'DF_BAD_SUBSTITUTION' });
  expect(expandWord(`${'${u:-'.repeat(90)}x${'}'.repeat(90)}`, lookup).value).toBe('x');
});

test('expandWord() tells which variables it looked up, each once, also in words it does not need', () => {
  const { used, unset } = expandWord("$v ${v} ${u:-$w} ${empty+$blank} '$no'", lookup);
  expect(used).toEqual(['v', 'blank', 'empty']);
  expect(unset).toEqual(['w', 'u']);
});

test('variablesIn() names the variables of a word, and none of a broken one', () => {
  expect(variablesIn('$a/${b:-$c}')).toEqual(['a', 'c', 'b']);
  expect(variablesIn('${a')).toEqual([]);
});

test.for([
  ['DF-VAR-16 a value splits', '80 $blank', ['80', 'a', 'b', 'c']],
  ['quotes keep together', '"$blank" \'d e\'f', ['a b  c', 'd ef']],
  ['escapes keep together', 'a\\ b c', ['a b', 'c']],
  ['nothing is no word', '$u "" ', []],
  ['text joins a value', 'x${blank}y', ['xa', 'b', 'cy']],
] as const)('expandToWords() %s', ([, word, words]) => {
  expect(expandToWords(word, lookup).words).toEqual(words);
});

function heredoc(content: string, expand = true): Heredoc {
  const span = { file: 'Dockerfile', start: { line: 1, column: 1 }, end: { line: 1, column: 2 } };
  return { name: 'EOF', content, expand, stripTabs: false, fd: 0, text: '<<EOF', rawContent: content, span };
}

test.for([
  ['DF-HD-07 a variable', 'a $v\n${u:-b}\n', 'a value\nb\n'],
  ['DF-HD-07 quotes are text', "\"$v\" '$v' it's\n", "\"value\" 'value' it's\n"],
  ['DF-HD-08 an escaped dollar', '\\$v', '$v'],
  ['DF-HD-08 a doubled backslash', '\\\\', '\\'],
  ['DF-HD-08 an escaped line end', 'a\\\nb', 'a\nb'],
  ['DF-HD-08 any escaped character', '\\t\\"', 't"'],
  ['DF-HD-15 a backtick is text', '`$v`', '`value`'],
])('expandHeredoc() %s', ([, content = '', value]) => {
  expect(expandHeredoc(heredoc(content), lookup).value).toBe(value);
});

test('DF-HD-06 expandHeredoc() leaves the body of a quoted name alone', () => {
  expect(expandHeredoc(heredoc('$v \\$ ${', false), lookup).value).toBe('$v \\$ ${');
});

test('expandWord() of text without dollar, quote and escape is the text', () => {
  const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/[$'"\\]/.test(text));
  fc.assert(fc.property(plain, (text) => expandWord(text, lookup).value === text));
});

test('expandWord() of a single-quoted text is the text', () => {
  const quotable = fc.string({ unit: 'binary' }).filter((text) => !text.includes("'"));
  fc.assert(fc.property(quotable, (text) => expandWord(`'${text}'`, lookup).value === text));
});

test('expandWord() throws nothing but SlipwayError', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(...'$ $ { } : - + ? # % / \\ \' " * v 1 ü a'.split(' '), ' '),
    maxLength: 40,
  });
  fc.assert(
    fc.property(hostile, (text) => {
      const error = thrownBy(() => expandWord(text, lookup));
      return error === undefined || error instanceof SlipwayError;
    }),
    { numRuns: 2000 },
  );
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

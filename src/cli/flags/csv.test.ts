import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCsv } from './csv.ts';

describe('parseCsv()', () => {
  test.for<[string, string[]]>([
    ['a,b', ['a', 'b']],
    ['', ['']],
    ['a,', ['a', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""x""",', ['say "x"', '']],
    ['type=local,"dest=a,b"', ['type=local', 'dest=a,b']],
  ])('splits %s', ([text, fields]) => expect(parseCsv(text, '--output')).toEqual(fields));

  test.for(['"a', 'a"b', '"a"b,c'])('refuses %s', (text) => {
    expect(() => parseCsv(text, '--output')).toThrow(expect.objectContaining({ code: 'CLI_BAD_FLAG_VALUE' }));
  });

  test('gives back any fields that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (fields) => {
        const text = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
        expect(parseCsv(text, '--x')).toEqual(fields);
      }),
    );
  });
});
